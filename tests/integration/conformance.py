"""What every way of doing the jobs must do alike. See `test_designs` and `test_pools`, which run it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

import pytest

from producer.contenders.protocol import Outcome
from producer.contenders.spec import Spec
from producer.contenders.ways import scales
from producer.measure.started_contenders import Roster
from producer.ranges import most_cpu
from producer.results.reference import Reference
from producer.workloads import WORKLOADS, Workload
from worker.jobs import ChessMove, Exchange, FileCheck, Job, Sieve, Trapezoid

#: Where each slot costs as much as a process.
DEAR = {"celery:prefork", "processes", "interpreters"}
#: Where many jobs have one thread.
SHARING = {"asyncio", "celery:asyncio", "celery:gevent", "celery:eventlet", "taskiq", "streaq", "saq"}
#: Enough that jobs overtake each other, and few of those that are dear.
MANY, FEW = 4, 2

START = "rnbqkbnr/pppppppp/8/8/8/8/PPPPPPPP/RNBQKBNR w KQkq - 0 1"
#: What a job may ask for that cannot be had, and the ends of what can.
TROUBLE: list[Job] = [
    FileCheck(
        ("test001.txt", "no such file.txt", "../outside.txt", "/etc/passwd", "link.txt", "directory.txt")
    ),
    FileCheck(("", ".", "\0", "x" * 300, "ü.txt", "new\nline", "[red]test001.txt[/red]")),
    ChessMove("no fen", depth=1),
    ChessMove("", wait_ms=1),
    ChessMove("8/8/8/8/8/8/8/8 w - - 0 1", depth=1),
    ChessMove("7k/5Q2/6K1/8/8/8/8/8 b - - 0 1", depth=1),  # stalemate: over
    ChessMove("rnb1kbnr/pppp1ppp/8/4p3/6Pq/5P2/PPPPP2P/RNBQKBNR w KQkq - 1 3", wait_ms=1),  # mated
    ChessMove("6k1/5ppp/8/8/8/8/8/R6K w - - 0 1", depth=3),  # mate in one
    ChessMove(START, wait_ms=0, seed=-(2**63)),
    ChessMove(START, wait_ms=0.001, seed=2**63 - 1),
    Trapezoid(-100.0, 100.0, 1),
    Trapezoid(0.0, 5e-324, 3),
    Sieve(0, 1),
    Sieve(10**12 - 1000, 10**12),
    Exchange(-(2**63), producers=16, consumers=1, messages=3, capacity=1, pause_ms=0),
    Exchange(2**63, producers=1, consumers=16, messages=40, capacity=1000, pause_ms=0.001),
]


def specs(ways: Iterable[str]) -> list[Spec]:
    """A contender for each of the ways, with one slot where it can have no more."""
    return [Spec(way, (FEW if way in DEAR else MANY) if scales(way) else 1) for way in ways]


def runnable(spec: Spec) -> Spec:
    """The contender, if it can run here; the test is skipped where it cannot."""
    if why := spec.unavailable():
        pytest.skip(why)
    return spec


def run(spec: Spec, roster: Roster, jobs: Sequence[Job]) -> Outcome:
    """One pass, in which nothing may go wrong."""
    shown: list[int] = []
    outcome = roster.start(spec).run(jobs, shown.append)
    assert outcome.problems == [], outcome.problems
    assert [record.index for record in sorted(outcome.records, key=lambda record: record.index)] == [
        *range(len(jobs))
    ]
    assert outcome.duplicates == 0
    assert shown == sorted(shown)
    assert shown[-1] == len(jobs)
    return outcome


class Conformance:
    """A test class inherits these, and has a fixture `spec`."""

    @pytest.mark.parametrize("name", WORKLOADS)
    def test_every_contender_gives_the_answers_of_serial(
        self, spec: Spec, roster: Roster, worked_out: Callable[[str], tuple[Workload, Reference]], name: str
    ) -> None:
        workload, reference = worked_out(name)
        outcome = run(spec, roster, workload.jobs)
        assert reference.differing(outcome.records) == []
        assert (outcome.slots, outcome.workers) == (spec.slots, 1)
        for record in outcome.records:
            assert record.error is None
            assert record.enqueued_ns <= record.received_ns <= record.started_ns <= record.finished_ns
        assert not outcome.clocks_corrected

    def test_every_contender_gives_the_same_errors(
        self, spec: Spec, roster: Roster, trouble: Reference
    ) -> None:
        outcome = run(spec, roster, tuple(TROUBLE))
        wrong = trouble.differing(outcome.records)
        assert {
            record.index: record.error or record.answer for record in outcome.records if record.index in wrong
        } == {}
        assert sorted(record.index for record in outcome.records if record.error) == [2, 3, 4, 5, 6]

    def test_waits_overlap_wherever_there_are_slots(self, spec: Spec, roster: Roster) -> None:
        jobs = tuple(ChessMove(START, wait_ms=200) for _ in range(2 * spec.slots))
        records = run(spec, roster, jobs).records
        moments = [(record.started_ns, 1) for record in records] + [
            (record.finished_ns, -1) for record in records
        ]
        at_once, most = 0, 0
        for _, change in sorted(moments):
            at_once += change
            most = max(most, at_once)
        assert most <= spec.slots
        assert most > 1 or spec.slots == 1

    def test_the_cpu_time_of_a_job_is_known_where_no_other_shares_its_thread(
        self, spec: Spec, roster: Roster
    ) -> None:
        computes, waits = ChessMove(START, depth=2), ChessMove(START, wait_ms=100)
        records = run(spec, roster, (computes, waits) * spec.slots).records
        for record in records:
            is_alone = spec.way not in SHARING and (spec.way != "asyncio+threads" or record.index % 2 == 0)
            assert (record.cpu_ns is not None) is is_alone
            if record.cpu_ns is not None:
                took_ns = record.finished_ns - record.started_ns
                assert 0 <= record.cpu_ns <= most_cpu(took_ns, 10**9)
                assert record.index % 2 == 0 or record.cpu_ns < took_ns / 2  # it slept

    def test_no_jobs_are_done_at_once(self, spec: Spec, roster: Roster) -> None:
        outcome = roster.start(spec).run([], lambda _: None)
        assert ([*outcome.records], outcome.problems) == ([], [])
