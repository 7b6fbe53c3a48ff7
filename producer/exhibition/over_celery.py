"""Plays an exhibition by Celery workers: Judit is a queue with one consumer, her opponents are a pool's.

Only the first moves are sent from here. After them the games go on by themselves: whoever has made a move
sends the next one. Each game is a run of its own, and here its records are read as they come.
"""

from __future__ import annotations

import contextlib
import time
import uuid
from collections.abc import Sequence
from typing import Protocol

import redis
from celery import Celery
from kombu.exceptions import KombuError

from producer.contenders.celery_workers.send import send
from producer.contenders.exchange import RECONNECT_S, SILENCE_S
from producer.exhibition.game_collector import GameCollector, lost_games, read_all
from producer.exhibition.moves import MoveMade, OnMove, Played
from producer.exhibition.program import Program
from producer.system.client import connect
from producer.system.reaper import Reaper
from producer.words import counted
from worker.game_move import first_moves, queue_of, run_of
from worker.pass_on import message_of

#: How often the games are looked at, in seconds. To wait for each move would take time from the players.
LOOK_S = 0.05


class Workers(Protocol):
    """Celery workers that share a queue, as the contenders have them."""

    @property
    def queue(self) -> str | None: ...
    @property
    def slots(self) -> int: ...
    def start(self) -> None: ...
    def deaths(self) -> list[str]: ...
    def gone(self) -> bool: ...
    def stop(self) -> None: ...


class OverCelery:
    """Plays over the workers of two queues, one exhibition or more."""

    def __init__(
        self,
        program: Program,
        in_turn: bool,
        app: Celery,
        broker_url: str,
        judit: Workers,
        opponents: Workers,
        reaper: Reaper,
    ) -> None:
        self._program = program
        self._in_turn = in_turn
        self._app = app
        self._broker_url = broker_url
        self._judit = judit
        self._opponents = opponents
        self._reaper = reaper

    def start(self) -> None:
        """Start the workers, or find those that others have started.

        Raises:
            ContenderError: they did not become ready, or there are none.
        """
        try:
            self._judit.start()
            self._opponents.start()
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """End what was started."""
        self._judit.stop()
        self._opponents.stop()

    def play(self, on_move: OnMove) -> Played:
        """Play; `on_move` is called in this thread. What goes wrong is in its problems."""
        judits = self._program.judits  # all of them have started
        queues = self._judit.queue or "", self._opponents.queue or ""  # both have started
        first = self._program.job(self._in_turn, queues, judits)
        exhibition = uuid.uuid4().hex[:12]
        client = connect(self._broker_url)
        moves: list[MoveMade] = []
        problems: list[str] = []

        def note(move: MoveMade) -> None:
            moves.append(move)
            on_move(move)

        games = [
            GameCollector(client, board, plies, run_of(exhibition, board), note, self._reaper)
            for board, plies in enumerate(self._program.plies)
        ]
        try:
            with contextlib.closing(client), contextlib.ExitStack() as open_games:
                for game in games:
                    open_games.enter_context(game)
                jobs = first_moves(first)
                messages = (message_of(run_of(exhibition, job.board), job) for job in jobs)
                send(self._app, messages, queue_of(first))
                problems += self._collect(client, games)
        except (KombuError, redis.RedisError, OSError) as error:
            problems.append(f"the broker went away: {error}")
        problems[:0] = [problem for game in games for problem in game.problems()]
        if missing := sum(len(game.missing()) for game in games):
            problems.append(f"{counted(missing, 'move')} of {sum(self._program.plies):,} not made")
        players = ("Judit", self._judit), ("opponents", self._opponents)
        remarks = [f"{who}: {death}" for who, workers in players for death in workers.deaths()]
        return Played(moves, self._opponents.slots, judits, problems, remarks)

    def _collect(self, client: redis.Redis, games: Sequence[GameCollector]) -> list[str]:
        patience_s = SILENCE_S + self._program.opponent_s
        last = time.monotonic()
        while True:
            open_games = [game for game in games if not game.complete()]
            failed = next((game.failure for game in games if game.failure), None)
            if failed or not open_games:
                return [failed] if failed else []
            gone = self._judit.gone() or self._opponents.gone()  # asked before what may be the last read
            try:
                count = read_all(client, open_games)
            except redis.RedisError:
                if time.monotonic() - last > RECONNECT_S:
                    raise
                count = 0
            if count:
                last = time.monotonic()
            elif gone:
                return ["nobody is left who could move"]
            elif lost := lost_games(client, open_games):
                return [
                    f"the records of {counted(lost, 'game')} are gone from the broker: they were deleted, "
                    "or it was restarted without what it held"
                ]
            elif (quiet_s := time.monotonic() - last) > patience_s:
                return [f"no move came for {quiet_s:.0f} s"]
            time.sleep(LOOK_S)
