"""Every design gives the answers of serial. Needs no broker."""

from __future__ import annotations

import pytest

from producer.contenders.designs import DESIGNS
from producer.contenders.designs.child import BATCH
from producer.contenders.spec import Spec
from producer.measure.started_contenders import Roster
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
