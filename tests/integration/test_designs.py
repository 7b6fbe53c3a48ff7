"""Every design gives the answers of serial. Needs no broker."""

from __future__ import annotations

import pytest

from producer.contenders.designs import DESIGNS
from producer.contenders.designs.child import BATCH
from producer.contenders.spec import Spec
from producer.measure.started_contenders import Roster
from producer.system import gil
from tests.helpers import end, family, survivors
from tests.integration.conformance import START, Conformance, run, runnable, specs
from worker.errors import ContenderError
from worker.jobs import ChessMove, Sieve


@pytest.fixture(scope="module", params=specs(DESIGNS), ids=lambda spec: spec.name)
def spec(request: pytest.FixtureRequest) -> Spec:
    """A contender of each design that can run here."""
    return runnable(request.param)


class TestDesigns(Conformance):
    """All of it."""


def test_an_event_loop_reports_how_long_a_computation_held_it(roster: Roster) -> None:
    search = tuple(ChessMove(START, depth=3) for _ in range(4))
    assert run(Spec("threads", 4), roster, search).loop_stall_s is None
    assert run(Spec("asyncio+threads", 4), roster, search).loop_stall_s is not None
    held = run(Spec("asyncio", 4), roster, search)
    # Each search runs from its first node to its last without a pause: the loop stands still that long.
    shortest_s = min(record.finished_ns - record.started_ns for record in held.records) / 1e9
    assert held.loop_stall_s is not None
    assert held.loop_stall_s >= 0.5 * shortest_s


def test_a_stall_is_noted_with_its_moment(roster: Roster) -> None:
    # Together longer than what is noted, also where a search takes a tenth of the 19 ms that it took here.
    search = tuple(ChessMove(START, depth=3) for _ in range(40))
    assert run(Spec("threads", 4), roster, search).loop_stalls == []
    held = run(Spec("asyncio", 4), roster, search)
    began_ns, length_ns = max(held.loop_stalls, key=lambda stall: stall[1])
    assert held.loop_stall_s == length_ns / 1e9
    # No search awaits anything: the loop first turns again when all are done.
    assert began_ns + length_ns >= max(record.finished_ns for record in held.records)


@pytest.mark.skipif(not gil.is_on(), reason="there is no GIL")
def test_threads_that_compute_share_the_time_of_one_core_under_a_gil(roster: Roster) -> None:
    search = tuple(ChessMove(START, depth=3) for _ in range(8))
    records = run(Spec("threads", 2), roster, search).records
    cpu_ns = sum(record.cpu_ns or 0 for record in records)
    began, ended = min(record.started_ns for record in records), max(record.finished_ns for record in records)
    assert 0 < cpu_ns < 1.1 * (ended - began)
    assert cpu_ns < 0.75 * sum(record.finished_ns - record.started_ns for record in records)


def test_more_records_than_fit_in_one_message_all_arrive(roster: Roster) -> None:
    jobs = tuple(Sieve(0, 1 + number) for number in range(2 * BATCH + 1))
    assert len(run(Spec("serial", 1), roster, jobs).records) == len(jobs)


def test_a_design_that_is_killed_says_so_and_can_be_started_again(own_roster: Roster) -> None:
    jobs = [ChessMove(START, wait_ms=300)] * 4  # long enough that progress is reported
    contender = own_roster.start(Spec("threads", 2))
    [pid] = contender.processes()
    [host] = family(pid)
    outcome = contender.run([*jobs, ChessMove(START, wait_ms=20_000)], lambda _: host.kill())
    assert outcome.records == []
    [problem] = outcome.problems
    assert problem == "its process was ended by SIGKILL; none of its records are left"
    assert own_roster.start(Spec("threads", 2)).run(jobs, lambda _: None).problems == []
    assert contender.processes() != [pid]


def test_nothing_of_a_design_outlives_it(own_roster: Roster) -> None:
    # The kernel may kill the host alone, for want of memory; its processes do not notice.
    contender = own_roster.start(Spec("processes", 2))
    everything = [process for pid in contender.processes() for process in family(pid)]
    try:
        everything[0].kill()
        contender.stop()
        assert survivors(everything, timeout_s=10) == []
    finally:
        end(everything)


def test_a_design_that_cannot_start_says_why(own_roster: Roster) -> None:
    if Spec("interpreters", 2).unavailable():
        with pytest.raises(ContenderError, match="InterpreterPoolExecutor"):
            own_roster.start(Spec("interpreters", 2))


def test_stopping_leaves_no_process_and_may_be_done_twice(own_roster: Roster) -> None:
    contender = own_roster.start(Spec("processes", 2))
    everything = [process for pid in contender.processes() for process in family(pid)]
    assert len(everything) >= 3
    contender.stop()
    contender.stop()
    assert survivors(everything) == []
    assert (contender.processes(), contender.alive()) == ([], False)
