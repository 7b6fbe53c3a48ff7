"""Hold the exhibition in earnest: Judit and her opponents, an hour scaled to a second, in three designs.

Sleeps are paced by absolute deadlines: each ends when the timetable says, not so long after the one
before, so that the granularity of timers (a millisecond in an event loop, and 720 moves of 1.39 ms) does
not add up. No move is skipped or merged for that: the board really goes to the opponent and back.
"""

from __future__ import annotations

import asyncio
import queue
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol, TypeAlias

from producer.exhibition.timetable import MOVES, OPPONENTS, Move, schedule
from worker.errors import UnknownNameError

EXHIBITION_DESIGNS = ("serial", "threads", "asyncio")

#: Called with each move whose answer Judit has seen.
OnMove: TypeAlias = Callable[[Move], object]


@dataclass(frozen=True, slots=True)
class Exhibition:
    """How long the exhibition took in one design, and how long it should have taken, in real seconds."""

    design: str
    ideal_s: float
    measured_s: float
    #: As measured, in the order of the answers that Judit took in.
    moves: tuple[Move, ...]


class Clock(Protocol):
    """Real seconds since the exhibition began, and how to let them pass."""

    def now(self) -> float: ...
    def wait_until(self, moment_s: float) -> None: ...
    async def wait_until_async(self, moment_s: float) -> None: ...


class WallClock:
    """Wall-clock time, from when this is made."""

    def __init__(self) -> None:
        self._start_s = time.monotonic()

    def now(self) -> float:
        return time.monotonic() - self._start_s

    def wait_until(self, moment_s: float) -> None:
        while (left_s := moment_s - self.now()) > 0:
            time.sleep(left_s)

    async def wait_until_async(self, moment_s: float) -> None:
        while (left_s := moment_s - self.now()) > 0:
            await asyncio.sleep(left_s)


def play(
    design: str,
    hour_s: float = 1.0,
    opponents: int = OPPONENTS,
    moves: int = MOVES,
    on_move: OnMove | None = None,
    make_clock: Callable[[], Clock] = WallClock,
) -> Exhibition:
    """Hold the exhibition, one hour of it in `hour_s` real seconds.

    `on_move` is called in the calling thread, for each move whose answer Judit has seen. The asyncio
    design runs an event loop of its own, so nobody calls this from a coroutine.

    Raises:
        UnknownNameError: there is no such design.
        InvalidJobError: a number makes no sense.
    """
    if design not in EXHIBITION_DESIGNS:
        raise UnknownNameError(
            f"no design of the exhibition is called {design!r}; there are: {', '.join(EXHIBITION_DESIGNS)}"
        )
    plan = tuple(schedule(opponents, moves, simultaneous=design != "serial", hour_s=hour_s))
    run = _Run(plan, opponents, make_clock(), on_move)
    if design == "serial":
        _play_serially(run)
    elif design == "threads":
        _play_threads(run)
    else:
        asyncio.run(_play_asyncio(run))
    return Exhibition(design, max(move.replied_s for move in plan), run.clock.now(), tuple(run.seen))


@dataclass(slots=True)
class _Run:
    """What the designs share: the plan, the clock, and the moves seen so far."""

    plan: tuple[Move, ...]
    opponents: int
    clock: Clock
    on_move: OnMove | None
    seen: list[Move] = field(default_factory=list)

    def see(self, move: Move | None) -> None:
        """Note an answered move; None means that the opponent is ready for the first one."""
        if move is not None:
            self.seen.append(move)
            if self.on_move:
                self.on_move(move)


def _make_move(plan: Move, started_s: float, moved_s: float) -> Move:
    """Make Judit's move; the time at which the answer is due goes with the board."""
    return Move(plan.opponent, plan.number, started_s, moved_s, plan.replied_s)


def _note_reply(move: Move, replied_s: float) -> Move:
    """Note in a move when it was really answered."""
    return Move(move.opponent, move.number, move.started_s, move.moved_s, replied_s)


def _play_serially(run: _Run) -> None:
    """One game after the other: Judit sits and watches her opponent think."""
    clock = run.clock
    for plan in run.plan:
        started_s = clock.now()
        clock.wait_until(plan.moved_s)
        move = _make_move(plan, started_s, clock.now())
        clock.wait_until(plan.replied_s)
        run.see(_note_reply(move, clock.now()))


class _Table:
    """Where a board goes from Judit to an opponent's thread and back."""

    def __init__(self) -> None:
        #: None tells the opponent to go home.
        self.to_opponent: queue.SimpleQueue[Move | None] = queue.SimpleQueue()
        self.to_judit: queue.SimpleQueue[Move | None] = queue.SimpleQueue()
        self.to_judit.put(None)

    def sit(self, clock: Clock) -> None:
        """The opponent's part."""
        while move := self.to_opponent.get():
            clock.wait_until(move.replied_s)
            self.to_judit.put(_note_reply(move, clock.now()))


def _play_threads(run: _Run) -> None:
    """Table to table: the opponents are threads, and Judit is the calling one."""
    clock = run.clock
    tables = [_Table() for _ in range(run.opponents)]
    # Daemons: whoever breaks an exhibition off need not wait for the opponents' moves.
    threads = [threading.Thread(target=table.sit, args=(clock,), daemon=True) for table in tables]
    try:
        for thread in threads:
            thread.start()
        for plan in run.plan:
            table = tables[plan.opponent]
            run.see(table.to_judit.get())
            started_s = clock.now()
            clock.wait_until(plan.moved_s)
            table.to_opponent.put(_make_move(plan, started_s, clock.now()))
        for table in tables:
            run.see(table.to_judit.get())
    finally:
        for table in tables:
            table.to_opponent.put(None)
    for thread in threads:
        thread.join()


async def _play_asyncio(run: _Run) -> None:
    """Table to table: the opponents are tasks, and so is Judit."""
    clock = run.clock

    async def reply(move: Move) -> Move:
        await clock.wait_until_async(move.replied_s)
        return _note_reply(move, clock.now())

    replies: dict[int, asyncio.Task[Move]] = {}
    for plan in run.plan:
        if plan.number:
            run.see(await replies[plan.opponent])
        started_s = clock.now()
        await clock.wait_until_async(plan.moved_s)
        move = _make_move(plan, started_s, clock.now())
        replies[plan.opponent] = asyncio.create_task(reply(move))
    for task in replies.values():
        run.see(await task)
