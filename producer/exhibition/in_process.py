"""Plays an exhibition without a broker: one game after the other, or by threads, coroutines or processes."""

from __future__ import annotations

import asyncio
import multiprocessing
import multiprocessing.connection
import queue
import signal
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from multiprocessing.process import BaseProcess
from typing import Any

from producer.exhibition.moves import MoveMade, OnMove, Played
from producer.exhibition.players import (
    Player,
    Queue,
    Queues,
    Turn,
    end,
    sit,
    sit_async,
    sit_in_process,
    wait_until,
)
from producer.exhibition.program import Program
from worker.errors import ContenderError
from worker.game_move import first_moves

#: How long processes may take to start, in seconds.
START_S = 60.0
#: How often it is looked whether one of them has made a move, in seconds.
LOOK_S = 0.01


class InProcess:
    """Plays in one of the designs, one exhibition or more."""

    def __init__(self, design: str, program: Program, slots: int, in_turn: bool) -> None:
        self._design = design
        self._program = program
        self._slots = slots
        self._in_turn = in_turn
        self._judits = 1 if design == "serial" else program.judits
        self._job = program.job(in_turn, judits=self._judits)
        self._seats = ExitStack()
        self._queues: Queues | None = None
        #: What tells that a player's process has ended; none where players are no processes.
        self._sentinels: list[int] = []

    def start(self) -> None:
        """Start the players, where they are threads or processes, before any clock runs.

        Raises:
            ContenderError: the processes did not start.
        """
        if self._design in ("threads", "processes"):
            players = self._threads() if self._design == "threads" else self._processes()
            self._queues = self._seats.enter_context(players)

    def stop(self) -> None:
        """End them."""
        self._seats.close()

    def play(self, on_move: OnMove) -> Played:
        """Play; `on_move` is called in this thread, or in that of the event loop."""
        moves: list[MoveMade] = []

        def note(move: MoveMade) -> None:
            moves.append(move)
            on_move(move)

        total = sum(self._program.plies)
        if self._design == "serial":
            self._play_alone(note)
        elif self._design == "asyncio":
            asyncio.run(self._play_asyncio(note, total))
        else:
            assert self._queues, "it was started"
            self._collect(self._queues, note, total)
        return Played(moves, self._slots, self._judits)

    def _play_alone(self, note: OnMove) -> None:
        """Judit sits and watches her opponent think: one thread is both."""
        judit, opponent = Player(), Player()
        turn: Turn | None = self._first_turns()[0]
        while turn:
            started_s, due_s, played = (opponent if turn.job.ply % 2 else judit).begin(turn)
            wait_until(due_s)
            move, turn = end(turn, started_s, due_s, played)
            note(move)

    async def _play_asyncio(self, note: OnMove, total: int) -> None:
        judit, opponents = asyncio.Queue[Turn](), asyncio.Queue[Turn]()
        left, over = total, asyncio.Event()

        def count(move: MoveMade) -> None:
            nonlocal left
            note(move)
            left -= 1
            if not left:
                over.set()

        sides = [judit] * self._judits + [opponents] * self._slots
        async with asyncio.TaskGroup() as players:
            seats = [players.create_task(sit_async(judit, opponents, own, count)) for own in sides]
            for turn in self._first_turns():
                judit.put_nowait(turn)
            await over.wait()
            for seat in seats:
                seat.cancel()

    def _collect(self, queues: Queues, note: OnMove, total: int) -> None:
        for turn in self._first_turns():
            queues.judit.put(turn)
        for _ in range(total):
            made = self._take(queues.made)
            if isinstance(made, BaseException):
                raise ContenderError(f"{self._design}: a player gave up: {made!r}")
            note(made)

    def _take(self, made: Any) -> Any:
        """Take what a player has made; an error where a process has ended, whose move would never come.

        Nobody else could tell of that by `made`: who is killed while it writes there leaves it locked.
        """
        while self._sentinels and made.empty():
            if multiprocessing.connection.wait(self._sentinels, LOOK_S) and made.empty():
                return ChildProcessError("its process has ended")
        return made.get()

    def _first_turns(self) -> list[Turn]:
        now_s = time.monotonic()
        return [Turn(job, now_s, now_s) for job in first_moves(self._job)]

    @contextmanager
    def _threads(self) -> Iterator[Queues]:
        queues = Queues(queue.SimpleQueue(), queue.SimpleQueue(), queue.SimpleQueue())
        # Daemons: whoever breaks an exhibition off need not wait for the opponents' moves.
        threads = [
            threading.Thread(target=sit, args=(queues, own), daemon=True, name="player")
            for own in self._sides(queues)
        ]
        for thread in threads:
            thread.start()
        try:
            yield queues
        finally:
            for own in self._sides(queues):
                own.put(None)

    @contextmanager
    def _processes(self) -> Iterator[Queues]:
        context = multiprocessing.get_context("spawn")
        judit, opponents, made = context.SimpleQueue(), context.SimpleQueue(), context.SimpleQueue()
        queues = Queues(judit, opponents, made)
        processes = [
            context.Process(target=sit_in_process, args=(judit, opponents, made, own is judit), daemon=True)
            for own in self._sides(queues)
        ]
        try:
            with _uninterrupted():
                for process in processes:
                    process.start()
            self._await(processes, made)
            self._sentinels = [process.sentinel for process in processes]
            yield queues
        finally:
            self._sentinels = []
            for process in processes:
                with suppress(AttributeError):  # it was not started
                    process.kill()
            for process in processes:
                if process.pid:
                    process.join()
            for process in processes:
                process.close()

    def _await(self, processes: Sequence[BaseProcess], made: Any) -> None:
        deadline = time.monotonic() + START_S
        for _ in processes:
            while made.empty():
                ended = next((process for process in processes if process.exitcode is not None), None)
                if ended or time.monotonic() > deadline:
                    why = f"one ended with {ended.exitcode}" if ended else f"not within {START_S:.0f} s"
                    raise ContenderError(f"{self._design}: the players did not start: {why}")
                time.sleep(0.01)
            made.get()

    def _sides(self, queues: Queues) -> list[Queue]:
        return [queues.judit] * self._judits + [queues.opponents] * self._slots


@contextmanager
def _uninterrupted() -> Iterator[None]:
    """Have the processes that are started meanwhile ignore Ctrl-C, which is for the lab."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
