"""What comes of an exhibition in one way, and who hears of it while it is held."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

from producer.exhibition.account import Account
from producer.exhibition.lane import Lane
from producer.exhibition.moves import MoveMade, Played


@dataclass(slots=True)
class Held:
    """What came of an exhibition in one way."""

    lane: Lane
    #: How long it must take, in seconds, with as many Judits and slots as there were.
    ideal_s: float
    #: How long everything took to be ready.
    startup_s: float = 0.0
    played: Played | None = None
    #: Where the time went; None where it was not played to its end.
    account: Account | None = None
    #: Why it does not count; empty where it does.
    problems: list[str] = field(default_factory=list)

    @property
    def games(self) -> list[tuple[str, ...]]:
        """The moves of each game, as they were played."""
        assert self.played
        moves: dict[int, dict[int, str]] = {}
        for move in self.played.moves:
            moves.setdefault(move.board, {})[move.ply] = move.move
        return [tuple(game[ply] for ply in sorted(game)) for _, game in sorted(moves.items())]


class Watcher(Protocol):
    """Hears what happens, as it happens; in the thread that holds the exhibition."""

    def queueing(self) -> None:
        """Somebody else uses the workers: it is their turn."""

    def awaiting(self, answering: int, awaited: int) -> None:
        """Workers that others start are waited for."""

    def starting(self, place: int, held: Held) -> None:
        """The players of the lane at this place are being started."""

    def playing(self, place: int, held: Held) -> None:
        """They begin."""

    def moved(self, place: int, moves: Sequence[MoveMade]) -> None:
        """They have made these moves."""

    def ended(self, place: int, held: Held) -> None:
        """They have ended, or could not play."""
