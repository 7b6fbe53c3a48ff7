"""How records come together in groups, and what a record says of the clocks it was written by."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import cast

import pytest
from redis import Redis, ResponseError

from tests.helpers import SOON_S, until
from worker.collector import Collector
from worker.records import JobRecord
from worker.turns import Turns
from worker.wire import BrokerClock, Pending, Wire


def record(index: int) -> JobRecord:
    return JobRecord(index, "here/1", 0, 0, 0, 0, {}, None)


class SlowWire:
    """A wire on which a group waits until it is let through, and may be interrupted there."""

    def __init__(self) -> None:
        self.groups: list[list[int]] = []
        self.refused: set[int] = set()
        #: Happens before a group is written.
        self.meanwhile: Callable[[], object] = lambda: None
        self.free = threading.Event()

    def commit(self, group: Sequence[Pending]) -> None:
        self.groups.append([pending.record.index for pending in group])
        self.meanwhile()
        assert self.free.wait(SOON_S)
        for pending in group:
            index = pending.record.index
            pending.is_written = index not in self.refused
            pending.settle(ResponseError(f"refused {index}") if index in self.refused else None)

    @property
    def as_wire(self) -> Wire:
        return cast(Wire, self)


class Slots:
    """Threads that write by turns."""

    def __init__(self, wire: SlowWire, threads: ThreadPoolExecutor) -> None:
        self.turns = Turns(wire.as_wire)
        self.wire = wire
        self._threads = threads

    def write(self, index: int) -> Future[bool]:
        """Begin to write a record, and return when it is in a group, or waits for the next one."""
        waiting = len(self.turns._waiting)
        groups = len(self.wire.groups)
        written = self._threads.submit(self.turns.write, "run", record(index))
        until(
            lambda: len(self.turns._waiting) > waiting or len(self.wire.groups) > groups, "it waits its turn"
        )
        return written


@pytest.fixture
def wire() -> SlowWire:
    return SlowWire()


@pytest.fixture
def slots(wire: SlowWire) -> Slots:
    return Slots(wire, ThreadPoolExecutor(20))


class Interruption(BaseException):
    """What ends a slot anywhere, as gevent's Timeout and GreenletExit do."""


def test_who_finds_nobody_writing_writes_at_once(wire: SlowWire) -> None:
    wire.free.set()
    turns = Turns(wire.as_wire)
    for index in range(3):
        turns.write("run", record(index))
    assert wire.groups == [[0], [1], [2]]


def test_what_comes_while_a_group_is_written_is_the_next_group_in_its_order(
    wire: SlowWire, slots: Slots
) -> None:
    writes = [slots.write(index) for index in range(8)]
    assert not any(written.done() for written in writes)
    wire.free.set()
    assert [written.result(SOON_S) for written in writes] == [True] * 8
    assert wire.groups == [[0], [1, 2, 3, 4, 5, 6, 7]]


def test_a_record_that_is_refused_is_the_error_of_its_own_job(wire: SlowWire, slots: Slots) -> None:
    wire.refused = {2}
    writes = [slots.write(index) for index in range(4)]
    wire.free.set()
    errors = [written.exception(SOON_S) for written in writes]
    assert [str(error) for error in errors] == ["None", "None", "refused 2", "None"]


def test_who_is_interrupted_while_writing_for_others_loses_nothing_of_theirs(
    wire: SlowWire, slots: Slots
) -> None:
    interrupted = threading.Event()

    def interrupt() -> None:
        if len(wire.groups) == 2:
            assert interrupted.wait(SOON_S)
            raise Interruption

    wire.meanwhile = interrupt
    first, *others = [slots.write(index) for index in range(4)]
    wire.free.set()
    first.result(SOON_S)
    until(lambda: len(wire.groups) == 2, "the second group is written")
    late = slots.write(4)
    interrupted.set()
    assert isinstance(others[0].exception(SOON_S), Interruption)
    assert [written.result(SOON_S) for written in [*others[1:], late]] == [True] * 3
    assert wire.groups == [[0], [1, 2, 3], [2, 3, 4]]


def test_who_is_interrupted_while_it_waits_is_not_waited_for(
    wire: SlowWire, slots: Slots, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = slots.write(0)

    class Interrupting:
        """A lock that a slot is interrupted at when it waits."""

        def __init__(self) -> None:
            self.locked = False

        def acquire(self) -> None:
            if self.locked:
                raise Interruption
            self.locked = True

    with monkeypatch.context() as patched:
        patched.setattr(threading, "Lock", Interrupting)
        with pytest.raises(Interruption):
            slots.turns.write("run", record(1))
    second = slots.write(2)
    wire.free.set()
    assert [written.result(SOON_S) for written in (first, second)] == [True] * 2
    assert wire.groups == [[0], [2]]


async def gathered(collector: Collector, indexes: Sequence[int]) -> list[BaseException | bool]:
    writes = (collector.write("run", record(index)) for index in indexes)
    return await asyncio.gather(*writes, return_exceptions=True)


def test_what_is_due_in_one_turn_of_a_loop_is_one_group(wire: SlowWire) -> None:
    wire.free.set()
    assert asyncio.run(gathered(Collector(wire.as_wire), range(50))) == [True] * 50
    assert wire.groups == [[*range(50)]]


def test_a_turn_that_takes_long_is_one_group_all_the_same(wire: SlowWire) -> None:
    wire.free.set()
    collector = Collector(wire.as_wire)

    async def write_late() -> None:
        time.sleep(0.05)  # blocks the loop, in the same turn: enough for the thread to write what it has
        await collector.write("run", record(1))

    async def main() -> None:
        await asyncio.gather(collector.write("run", record(0)), write_late())

    asyncio.run(main())
    assert wire.groups == [[0, 1]]


def test_a_refused_record_is_the_error_of_the_coroutine_that_awaits_it(wire: SlowWire) -> None:
    wire.free.set()
    wire.refused = {1}
    results = asyncio.run(gathered(Collector(wire.as_wire), range(3)))
    assert [str(result) for result in results] == ["True", "refused 1", "True"]


def test_a_coroutine_that_is_cancelled_holds_up_nobody(wire: SlowWire) -> None:
    collector = Collector(wire.as_wire)

    async def main() -> list[BaseException | bool]:
        tasks = [asyncio.create_task(collector.write("run", record(index))) for index in range(3)]
        while not wire.groups:
            await asyncio.sleep(0)
        late = asyncio.create_task(collector.write("run", record(3)))
        tasks[1].cancel()
        await asyncio.wait([tasks[1]])
        await asyncio.sleep(0.01)
        assert not any(task.done() for task in (tasks[0], tasks[2], late))
        wire.free.set()
        return await asyncio.gather(*tasks, late, return_exceptions=True)

    results = asyncio.run(main())
    assert [type(result) for result in results] == [
        bool,
        asyncio.CancelledError,
        bool,
        bool,
    ]
    assert wire.groups == [[0, 1, 2], [3]]


def test_a_loop_that_is_closed_before_its_answers_come_leaves_the_others_their_writer(wire: SlowWire) -> None:
    collector = Collector(wire.as_wire)

    async def leave() -> None:
        task = asyncio.create_task(collector.write("run", record(0)))
        while not wire.groups:
            await asyncio.sleep(0)
        task.cancel()

    asyncio.run(leave())
    wire.free.set()
    assert asyncio.run(gathered(collector, [1, 2])) == [True] * 2
    assert wire.groups == [[0], [1, 2]]


class Server:
    """Tells the time."""

    def __init__(self) -> None:
        self.clock = BrokerClock(cast(Redis, self))
        self.asked = 0

    def time(self) -> tuple[int, int]:
        self.asked += 1
        if self.asked == 1:
            raise ConnectionError
        return int(time.time()), 0


def test_no_offset_is_given_before_the_broker_has_told_its_time() -> None:
    server = Server()
    with pytest.raises(ConnectionError):
        server.clock.offset_ns()
    assert abs(server.clock.offset_ns() - (time.time_ns() - time.monotonic_ns())) < 60 * 10**9


def test_the_broker_is_not_asked_for_each_record() -> None:
    server = Server()
    with pytest.raises(ConnectionError):
        server.clock.offset_ns()
    assert len({server.clock.offset_ns() for _ in range(100)}) == 1
    assert server.asked == 2
