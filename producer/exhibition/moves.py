"""What an exhibition leaves behind: its moves, with their times."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeAlias


@dataclass(frozen=True, slots=True)
class MoveMade:
    """A move and its times, in seconds of the monotonic clock of this machine."""

    board: int
    #: Even ones are Judit's.
    ply: int
    #: In UCI notation.
    move: str
    #: When the board was handed over to its player: the move before was made.
    handed_s: float
    #: When whoever makes it had it; over a broker, when the worker got the message.
    received_s: float
    started_s: float
    finished_s: float


#: Called with each move when it is made.
OnMove: TypeAlias = Callable[[MoveMade], object]


@dataclass(slots=True)
class Played:
    """An exhibition that has been played in one way."""

    #: In the order in which they were made.
    moves: list[MoveMade]
    #: How many opponents could think at once, and how many Judits there were, as found.
    slots: int
    judits: int
    #: Why it does not count; empty where it does.
    problems: list[str] = field(default_factory=list)
    #: What else is to be said of it: a worker that was killed, and others went on.
    remarks: list[str] = field(default_factory=list)

    @property
    def began_s(self) -> float:
        """When the first board was handed over."""
        return min((move.handed_s for move in self.moves), default=0.0)

    @property
    def measured_s(self) -> float:
        """Seconds from then to the end of the last thought."""
        return max((move.finished_s for move in self.moves), default=0.0) - self.began_s
