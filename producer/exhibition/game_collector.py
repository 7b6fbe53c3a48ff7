"""Collects the moves of games that Celery workers play: each game is a run, and each move a record of it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import msgspec
import redis

from producer.contenders.collect import COUNT, Collector
from producer.contenders.ledger import quote
from producer.exhibition.moves import MoveMade, OnMove
from producer.system.reaper import Reaper
from worker.answers import GameMovePlayed
from worker.records import JobRecord


class GameCollector(Collector):
    """Collects the moves of one game."""

    def __init__(
        self,
        client: redis.Redis,
        board: int,
        plies: int,
        run: str,
        on_move: OnMove,
        reaper: Reaper,
    ) -> None:
        super().__init__(client, plies, reaper, run)
        #: Why the game does not go on; None where it does.
        self.failure: str | None = None
        self._board = board
        self._on_move = on_move

    def take_entries(self, entries: Sequence[Any]) -> None:
        """Account for the moves of the game, which stand in its run in their order, each under its number.

        Where anything else stands, whoever has put it there has taken the place of a move: the broker takes
        no record of that any more, and the game does not go on.
        """
        for entry in entries:
            number = len(self.records) + 1
            super().take_entries([entry])
            if entry[0] != f"{number}-0".encode() or len(self.records) < number:
                self.failure = self.failure or (
                    f"board {self._board + 1}: entry {quote(entry[0].decode())} of its run is not half-move "
                    f"{number}, which is next: somebody else has written there"
                )

    def take(self, record: JobRecord, shift_ns: int | None = None) -> None:
        """Account for a record, and hand the move on if it is the first one of its number."""
        before = len(self.records)
        super().take(record, shift_ns)
        if len(self.records) == before:
            return
        record = self.records[record.index]  # with its times corrected
        if record.error is not None:
            self.failure = f"board {self._board + 1}, half-move {record.index + 1} failed: {record.error}"
            return
        try:
            played = msgspec.convert(record.answer, GameMovePlayed)
        except msgspec.ValidationError as error:
            self.failure = f"board {self._board + 1}: an answer is no move: {error}"
            return
        times = record.enqueued_ns, record.received_ns, record.started_ns, record.finished_ns
        self._on_move(MoveMade(self._board, record.index, played.move, *(time_ns / 1e9 for time_ns in times)))


def lost_games(client: redis.Redis, games: Sequence[GameCollector]) -> int:
    """Count the games whose records the broker no longer has: workers make no move of theirs any more.

    Where it does not answer, nobody knows: then it is none.
    """
    try:
        return len(games) - int(client.exists(*(game.stream for game in games)))
    except redis.RedisError:
        return 0


def read_all(client: redis.Redis, games: Iterable[GameCollector]) -> int:
    """Take the records of all these games that are there, and return how many entries were read.

    Raises:
        redis.RedisError: the broker went away.
    """
    streams = {game.stream.encode(): game for game in games}
    positions: dict[Any, Any] = {name: game.position for name, game in streams.items()}
    reply: Any = client.xread(positions, count=COUNT)
    for name, entries in reply or ():
        streams[name].take_entries(entries)
    return sum(len(entries) for _, entries in reply or ())
