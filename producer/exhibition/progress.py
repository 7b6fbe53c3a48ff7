"""Tells of an exhibition while it is held: what is awaited, and how many half-moves are made."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from producer.exhibition.held import Held, Watcher
from producer.exhibition.moves import MoveMade


class ProgressWatcher:
    """Hears of an exhibition, hands on what it hears, and tells of it in lines and numbers."""

    def __init__(
        self, other: Watcher, advance: Callable[[int], object], say: Callable[[str], object]
    ) -> None:
        self._other = other
        self._advance = advance
        self._say = say
        self._done = 0
        self._answering: tuple[int, int] | None = None

    def queueing(self) -> None:
        """Tell that somebody else uses the workers."""
        self._say("somebody else uses these workers: waiting for it to end")
        self._other.queueing()

    def awaiting(self, answering: int, awaited: int) -> None:
        """Tell how many workers that others start are waited for."""
        if self._answering != (answering, awaited):
            self._answering = (answering, awaited)
            self._say(f"workers: {answering}{f' of {awaited}' if awaited else ''} answer")
        self._other.awaiting(answering, awaited)

    def starting(self, place: int, held: Held) -> None:
        """Tell who is being started."""
        self._say(f"starting {held.lane.name}")
        self._other.starting(place, held)

    def playing(self, place: int, held: Held) -> None:
        """Tell that they begin."""
        self._say(f"{held.lane.name} plays: {held.ideal_s:.1f} s at best")
        self._other.playing(place, held)

    def moved(self, place: int, moves: Sequence[MoveMade]) -> None:
        """Count the half-moves."""
        self._done += len(moves)
        self._advance(self._done)
        self._other.moved(place, moves)

    def ended(self, place: int, held: Held) -> None:
        """Hand on that they have ended."""
        self._other.ended(place, held)
