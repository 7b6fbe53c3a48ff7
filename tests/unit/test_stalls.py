"""A loop that stood still is found out, with its moment; what a run keeps of it is bounded."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace

import pytest

from producer.contender_name import ContenderName
from producer.contenders.designs.stalls import HEARTBEAT_S, MAX_STALLS, STALL_S, StallWatch
from producer.contenders.protocol import Outcome
from producer.results import Run, run_from
from producer.results.model import LoopStall
from worker.records import JobRecord

MS = 10**6


class Clock:
    """A clock that is set by hand, in milliseconds."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now_ms = 1000.0
        monkeypatch.setattr(time, "monotonic_ns", lambda: round(self.now_ms * MS))


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """The clock of this test."""
    return Clock(monkeypatch)


def stand_still(watch: StallWatch, clock: Clock, length_ms: float) -> None:
    """Let the next beat be so late."""
    watch.expect()
    clock.now_ms += HEARTBEAT_S * 1000 + length_ms
    watch.check()


def test_a_stall_begins_when_the_loop_should_have_turned(clock: Clock) -> None:
    watch = StallWatch()
    stand_still(watch, clock, 300)
    stand_still(watch, clock, STALL_S * 1000 - 1)  # not worth mentioning
    stand_still(watch, clock, 80)
    longest_s, worst = watch.found()
    assert longest_s == 0.3
    assert worst == [(1005 * MS, 300 * MS), ((1305 + 5 + 49 + 5) * MS, 80 * MS)]


def test_a_short_stall_is_the_longest_where_there_is_no_other(clock: Clock) -> None:
    watch = StallWatch()
    stand_still(watch, clock, 2)
    assert watch.found() == (0.002, [])


def test_of_many_stalls_the_longest_are_kept_in_their_order(clock: Clock) -> None:
    watch = StallWatch()
    for number in range(3 * MAX_STALLS):
        stand_still(watch, clock, 100 + number)
    _, worst = watch.found()
    assert [length_ns // MS for _, length_ns in worst] == [
        100 + 2 * MAX_STALLS + n for n in range(MAX_STALLS)
    ]
    assert worst == sorted(worst)


def placed(stalls: Sequence[tuple[int, int]], *records: JobRecord) -> Run:
    """A run of these jobs, in which the loop stood still; its clock in milliseconds."""
    in_ns = [(began * MS, length * MS) for began, length in stalls]
    outcome = Outcome(records, 2, loop_stall_s=1.0, loop_stalls=in_ns)
    name = ContenderName.parse("asyncio@2")
    return run_from("waits", name, 1, 1.0, outcome, jobs=len(records), used=None, broker_cpu_s=None)


def test_stalls_are_placed_in_the_run_and_end_with_it() -> None:
    job = JobRecord(0, "lab/1", 100 * MS, 100 * MS, 100 * MS, 400 * MS, {})
    later = replace(job, index=1, enqueued_ns=200 * MS, received_ns=200 * MS, started_ns=200 * MS)
    run = placed([(50, 100), (150, 60), (380, 90), (500, 60)], later, job)
    assert run.loop_stalls == [LoopStall(0, 50_000), LoopStall(50_000, 60_000), LoopStall(280_000, 20_000)]
    assert placed([(50, 100)]).loop_stalls == []
