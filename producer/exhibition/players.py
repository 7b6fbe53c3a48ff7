"""The players of an exhibition in one process, or in several: each takes boards from a queue and thinks.

A thought ends when it is due, and not so long after it has begun: due is when its player was free and the
board was there, and the time of a thought after that. So the granularity of timers (1,400 thoughts of 1.39
ms, where an hour takes a second) does not add up. What cannot be done in time is late, and shows.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import signal
import threading
import time
from dataclasses import dataclass
from multiprocessing.process import BaseProcess
from typing import Any, Protocol

from producer.exhibition.moves import MoveMade, OnMove
from worker.answers import GameMovePlayed
from worker.game_move import next_move, play
from worker.jobs import GameMove, wait_s


@dataclass(frozen=True, slots=True)
class Turn:
    """A board that is handed to a player."""

    job: GameMove
    #: When the move before was due, and when it was made, in seconds of the monotonic clock.
    there_s: float
    handed_s: float


class Queue(Protocol):
    """Where boards wait for their players, and moves for who collects them."""

    def put(self, item: Any) -> Any: ...
    def get(self) -> Any: ...


@dataclass(frozen=True, slots=True)
class Queues:
    """The queues of an exhibition: boards for Judit, boards for the opponents, and moves that are made."""

    judit: Queue
    opponents: Queue
    made: Queue

    def hand(self, turn: Turn) -> None:
        """Hand a board to whoever's move it is."""
        (self.opponents if turn.job.ply % 2 else self.judit).put(turn)


class Player:
    """Judit, or the slot in which one opponent at a time thinks."""

    def __init__(self) -> None:
        #: When the last thought was due to end.
        self._free_s = 0.0

    def begin(self, turn: Turn) -> tuple[float, float, GameMovePlayed]:
        """Find the move; return when the thought began, when it is due to end, and what is played."""
        started_s = time.monotonic()
        self._free_s = max(self._free_s, turn.there_s) + wait_s(turn.job)
        return started_s, self._free_s, play(turn.job)


def end(turn: Turn, started_s: float, due_s: float, played: GameMovePlayed) -> tuple[MoveMade, Turn | None]:
    """Make the move; return it, and the board that is to be handed on."""
    job, finished_s = turn.job, time.monotonic()
    made = MoveMade(job.board, job.ply, played.move, turn.handed_s, started_s, started_s, finished_s)
    following = next_move(job, played)
    return made, Turn(following, due_s, finished_s) if following else None


def sit(queues: Queues, own: Queue) -> None:
    """Play as one player, in a thread or process of its own, until None comes; tell what fails by `made`."""
    player = Player()
    try:
        while turn := own.get():
            started_s, due_s, played = player.begin(turn)
            wait_until(due_s)
            made, following = end(turn, started_s, due_s, played)
            if following:
                queues.hand(following)
            queues.made.put(made)
    except BaseException as error:  # whoever collects the moves would wait for ever
        queues.made.put(error)


async def sit_async(
    judit: asyncio.Queue[Turn],
    opponents: asyncio.Queue[Turn],
    own: asyncio.Queue[Turn],
    on_move: OnMove,
) -> None:
    """Play as one player, in a coroutine, until it is cancelled; `on_move` is called with each move."""
    player = Player()
    while True:
        turn = await own.get()
        started_s, due_s, played = player.begin(turn)
        while (left_s := due_s - time.monotonic()) > 0:
            await asyncio.sleep(left_s)
        move, following = end(turn, started_s, due_s, played)
        if following:
            (opponents if following.job.ply % 2 else judit).put_nowait(following)
        on_move(move)


def sit_in_process(judit: Any, opponents: Any, made: Any, is_judit: bool) -> None:
    """Play as one player in this process, which has no other purpose; it ends with its parent."""
    parent = multiprocessing.parent_process()
    assert parent
    threading.Thread(target=lambda: _end_with(parent), daemon=True).start()
    made.put(None)  # ready
    sit(Queues(judit, opponents, made), judit if is_judit else opponents)


def _end_with(parent: BaseProcess) -> None:
    parent.join()
    os.kill(os.getpid(), signal.SIGKILL)  # whatever handles signals here, or waits for a board


def wait_until(moment_s: float) -> None:
    """Sleep until the monotonic clock shows so many seconds."""
    while (left_s := moment_s - time.monotonic()) > 0:
        time.sleep(left_s)
