"""The measuring loop, over contenders that do nothing and a broker that is none."""

from __future__ import annotations

import gc
import threading
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

import pytest

from producer.contenders.protocol import Contender, Outcome, Progress
from producer.contenders.spec import Spec
from producer.measure import rounds as measure_
from producer.measure.reference_run import work_out
from producer.measure.rounds import WARM_UP_PER_SLOT, Measured, Session, measure
from producer.measure.started_contenders import Roster
from producer.results import Run
from producer.results.reference import Reference
from producer.show.columns import TROUBLE
from producer.stats.summary import Summary, summaries
from producer.system.broker import Broker
from producer.system.usage import Usage, WorkerUsage
from producer.workloads import Workload, build
from tests.helpers import SOON_S
from tests.made import result, workload
from worker.answers import Answer
from worker.errors import ContenderError
from worker.jobs import ChessMove, Job
from worker.perform import perform
from worker.records import JobRecord
from worker.settings import PROJECT_DATA

WAITS = build("waits", jobs=6)


@pytest.fixture(autouse=True)
def _worked_out_here(monkeypatch: pytest.MonkeyPatch) -> None:
    # The real one works in a process of its own, which takes a second to start.
    known: dict[Sequence[Job], tuple[Reference, list[Answer]]] = {}

    def once(
        jobs: Sequence[Job], data_root: Path, *_: object, **__: object
    ) -> tuple[Reference, list[Answer]]:
        if jobs not in known:
            known[jobs] = _WORKED_OUT.setdefault(jobs, work_out(jobs, data_root))
        return known[jobs]

    monkeypatch.setattr(measure_, "work_out", once)


_WORKED_OUT: dict[Sequence[Job], tuple[Reference, list[Answer]]] = {}


def answered(index: int, job: Job) -> JobRecord:
    """The record of a job done rightly, in no time."""
    plain = asdict(perform(job, PROJECT_DATA, sleep=lambda _: None))
    return JobRecord(index, "fake/1", 0, 0, 1000 * index, 1000 * index + 500, plain)


def put(record: JobRecord, records: Iterable[JobRecord]) -> list[JobRecord]:
    """The records with this one in the place of the one of its job."""
    return [record if other.index == record.index else other for other in records]


@dataclass
class Fake:
    """A contender that does as it is told; each outcome of `runs` is for one run after the warm-up."""

    spec: Spec
    log: list[str]
    fails_to_start: Sequence[bool] = ()
    spoil: Callable[[int, Outcome], bool] = lambda _, __: True
    answers: Callable[[int, Job], JobRecord] = lambda index, job: answered(index, job)
    _lives: int = 0
    _alive: bool = False
    _runs: int = 0
    warmed_up_with: list[int] = field(default_factory=list)
    queue: str | None = None

    def start(self) -> None:
        self.log.append(f"start {self.spec.name}")
        self._lives += 1
        if self._lives <= len(self.fails_to_start) and self.fails_to_start[self._lives - 1]:
            raise ContenderError(f"{self.spec.name} did not start (fake)")
        self._alive = True

    def break_off(self) -> None:
        self.log.append(f"break off {self.spec.name}")

    def run(self, jobs: Sequence[Job], progress: Progress) -> Outcome:
        outcome = Outcome([self.answers(index, job) for index, job in enumerate(jobs)], self.spec.slots)
        if not self.warmed_up_with:
            self.warmed_up_with.append(len(jobs))
            return outcome
        self._runs += 1
        self.log.append(f"run {self.spec.name}")
        self._alive = self.spoil(self._runs, outcome)
        progress(len(outcome.records))
        return outcome

    def processes(self) -> list[int]:
        return []

    def alive(self) -> bool:
        return self._alive

    def stop(self) -> None:
        if self._alive:
            self.log.append(f"stop {self.spec.name}")
        self._alive = False


class Watching:
    """Writes down what it hears; it hears of one workload only."""

    def __init__(self) -> None:
        self.heard: list[str] = []
        self.done: list[int] = []

    def working_out(self, _: Workload) -> None:
        self.heard.append("working out")

    def queueing(self) -> None:
        self.heard.append("queueing")

    def awaiting(self, answering: int, awaited: int) -> None:
        self.heard.append(f"{answering} of {awaited} workers")

    def starting(self, _: Workload, specs: Sequence[Spec]) -> None:
        self.heard.append(f"starting {', '.join(str(spec.name) for spec in specs)}")

    def ready(self, _: Workload, spec: Spec, contender: Contender) -> None:
        assert (contender.spec, contender.alive()) == (spec, True)
        self.heard.append(f"ready {spec.name}")

    def left_out(self, _: Workload, spec: Spec, why: str) -> None:
        self.heard.append(f"left out {spec.name}: {why}")

    def running(self, _: Workload, spec: Spec, round_: int, rounds: int, __: object) -> None:
        self.heard.append(f"{round_}/{rounds} {spec.name}")

    def progress(self, done: int) -> None:
        self.done.append(done)

    def ran(self, run: Run) -> None:
        self.heard.append(f"ran {run.contender}")


@dataclass
class Lab:
    """One workload measured over fakes, and what came of it."""

    watching: Watching = field(default_factory=Watching)
    log: list[str] = field(default_factory=list)
    runs: list[Run] = field(default_factory=list)
    measured: list[Measured] = field(default_factory=list)
    fakes: dict[str, Fake] = field(default_factory=dict)

    def go(
        self,
        specs: Sequence[Spec],
        rounds: int = 1,
        seed: int = 1,
        workload: Workload = WAITS,
        prepare: Callable[[Fake], None] = lambda _: None,
        at_once: int = 1,
    ) -> Lab:
        def make(spec: Spec) -> Fake:
            fake = self.fakes[str(spec.name)] = Fake(spec, self.log)
            prepare(fake)
            return fake

        with Roster(make) as roster:
            broker = Broker("redis://nowhere", embedded=True, version="none")
            session = Session(rounds, seed, PROJECT_DATA, broker, roster, self.watching, at_once)
            measure(workload, specs, session, self)
        return self

    def begin(self, measured: Measured) -> None:
        self.measured.append(measured)

    def add(self, run: Run) -> None:
        self.runs.append(run)

    def order(self) -> list[str]:
        """The contenders in the order of their runs."""
        return [str(run.contender) for run in self.runs]

    def left_out(self) -> dict[str, str]:
        """Why the first workload has contenders that did not take part to the end."""
        contenders = self.measured[0].contenders
        return {str(contender.name): contender.left_out for contender in contenders if contender.left_out}


SERIAL, THREADS, PROCESSES = Spec("serial", 1), Spec("threads", 4), Spec("processes", 2)
FOUR = (SERIAL, THREADS, PROCESSES, Spec("celery:solo", 1))


def test_no_garbage_is_collected_during_a_run_and_again_after_it() -> None:
    seen: list[bool] = []

    def look(_: int, __: Outcome) -> bool:
        seen.append(gc.isenabled())
        return True

    def prepare(fake: Fake) -> None:
        fake.spoil = look

    Lab().go(FOUR, prepare=prepare)
    assert seen == [False] * 4
    assert gc.isenabled()


def test_every_contender_runs_once_a_round_in_an_order_that_the_seed_gives() -> None:
    first = Lab().go(FOUR, rounds=6, seed=1)
    rounds = [first.order()[start : start + 4] for start in range(0, 24, 4)]
    names = sorted(str(spec.name) for spec in FOUR)
    assert all(sorted(order) == names for order in rounds)
    assert len({tuple(order) for order in rounds}) > 1
    assert [run.round for run in first.runs] == [round_ for round_ in range(1, 7) for _ in range(4)]
    assert Lab().go(FOUR, rounds=6, seed=1).order() == first.order()
    assert Lab().go(FOUR, rounds=6, seed=2).order() != first.order()


def test_all_stand_ready_and_warm_before_the_first_run_and_are_stopped_after_the_last() -> None:
    lab = Lab().go([SERIAL, THREADS])
    assert lab.log[:2] == ["start serial", "start threads@4"]
    assert sorted(lab.log[2:4]) == ["run serial", "run threads@4"]
    assert sorted(lab.log[4:]) == ["stop serial", "stop threads@4"]
    assert lab.fakes["serial"].warmed_up_with == [WARM_UP_PER_SLOT]
    assert lab.fakes["threads@4"].warmed_up_with == [6]  # no more than there are jobs
    [measured] = lab.measured
    assert [str(contender.name) for contender in measured.contenders] == ["serial", "threads@4"]
    assert all(contender.startup_s is not None for contender in measured.contenders)
    assert lab.left_out() == {}


def test_the_watcher_hears_of_everything_in_order() -> None:
    lab = Lab().go([SERIAL], rounds=2)
    assert lab.watching.heard == [
        "working out",
        "starting serial",
        "ready serial",
        *("1/2 serial", "ran serial"),
        *("2/2 serial", "ran serial"),
    ]
    assert lab.watching.done == [6, 6]


def test_what_fails_to_start_is_left_out_and_the_others_run() -> None:
    def prepare(fake: Fake) -> None:
        fake.fails_to_start = [fake.spec == THREADS]

    lab = Lab().go([SERIAL, THREADS], rounds=2, prepare=prepare)
    assert lab.order() == ["serial", "serial"]
    assert lab.left_out() == {"threads@4": "threads@4 did not start (fake)"}
    assert "left out threads@4: threads@4 did not start (fake)" in lab.watching.heard


def test_contenders_start_beside_each_other_and_are_listed_in_their_order() -> None:
    together = threading.Barrier(2)

    def prepare(fake: Fake) -> None:
        start = fake.start

        def meet() -> None:
            together.wait(SOON_S)  # or the start fails, as no two are at the same time
            start()

        fake.start = meet  # type: ignore[method-assign]
        fake.fails_to_start = [fake.spec == THREADS]

    lab = Lab().go(FOUR, rounds=2, prepare=prepare, at_once=2)
    assert [str(of.name) for of in lab.measured[0].contenders] == [str(spec.name) for spec in FOUR]
    assert lab.left_out() == {"threads@4": "threads@4 did not start (fake)"}
    assert sorted(lab.order()) == sorted(2 * ["serial", "processes@2", "celery:solo"])
    assert lab.order() == Lab().go(FOUR, rounds=2, prepare=prepare, at_once=2).order()
    starting = [line for line in lab.watching.heard if line.startswith("starting")]
    assert starting[:2] == ["starting serial", "starting serial, threads@4"]
    assert starting[-1] in ("starting processes@2", "starting celery:solo")  # whichever is ready last
    assert lab.watching.heard.index("left out threads@4: threads@4 did not start (fake)") < 2 * len(FOUR) + 2


def test_an_interrupt_while_several_start_stops_all_of_them() -> None:
    lab, broken_off = Lab(), threading.Event()

    def prepare(fake: Fake) -> None:
        def hang() -> None:
            assert broken_off.wait(SOON_S)
            raise ContenderError("its process was killed")

        def interrupt() -> None:
            raise KeyboardInterrupt

        fake.start = interrupt if fake.spec == SERIAL else hang  # type: ignore[method-assign]
        fake.break_off = broken_off.set  # type: ignore[method-assign]

    with pytest.raises(KeyboardInterrupt):
        lab.go(FOUR, prepare=prepare, at_once=2)
    assert broken_off.is_set()
    assert list(lab.fakes) == ["serial", "threads@4"]
    assert lab.runs == []


def test_what_does_not_warm_up_is_left_out() -> None:
    def prepare(fake: Fake) -> None:
        if fake.spec == THREADS:
            fake.run = lambda *_: Outcome([], 4, problems=["6 of 6 jobs are lost"])  # type: ignore[method-assign]

    lab = Lab().go([SERIAL, THREADS], prepare=prepare)
    assert lab.order() == ["serial"]
    assert lab.left_out() == {"threads@4": "threads@4 did not warm up: 6 of 6 jobs are lost"}


def test_what_is_unavailable_is_left_out_with_its_reason_and_never_started(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(Spec, "unavailable", lambda self: "not here" if self == THREADS else None)
    lab = Lab().go([SERIAL, THREADS])
    assert lab.order() == ["serial"]
    assert lab.left_out() == {"threads@4": "not here"}
    assert "start threads@4" not in lab.log


def test_without_any_contender_there_is_a_workload_and_no_run() -> None:
    lab = Lab().go([])
    assert len(lab.measured) == 1
    assert lab.runs == []


def test_what_dies_in_a_run_is_started_again_for_the_next() -> None:
    def prepare(fake: Fake) -> None:
        def spoil(run: int, outcome: Outcome) -> bool:
            if fake.spec == THREADS and run == 1:
                outcome.records = []
                outcome.problems.append("it died")
                return False
            return True

        fake.spoil = spoil

    lab = Lab().go([SERIAL, THREADS], rounds=3, prepare=prepare)
    of_threads = [run for run in lab.runs if str(run.contender) == "threads@4"]
    assert [run.problems for run in of_threads] == [["it died"], [], []]
    assert [run.lost for run in of_threads] == [6, 0, 0]
    assert lab.log.count("start threads@4") == 2
    assert all(run.valid for run in lab.runs if str(run.contender) == "serial")
    assert lab.left_out() == {}


def test_what_cannot_be_started_again_is_left_out_from_then_on() -> None:
    def prepare(fake: Fake) -> None:
        if fake.spec == THREADS:
            fake.fails_to_start = [False, True]

            def spoil(_: int, outcome: Outcome) -> bool:
                outcome.problems.append("it died")
                return False

            fake.spoil = spoil

    lab = Lab().go([SERIAL, THREADS], rounds=4, prepare=prepare)
    assert lab.order().count("serial") == 4
    assert lab.order().count("threads@4") == 1
    assert lab.left_out() == {"threads@4": "threads@4 did not start (fake)"}
    assert lab.log.count("start threads@4") == 2


def test_a_wrong_answer_makes_a_run_invalid() -> None:
    def prepare(fake: Fake) -> None:
        def spoil(_: int, outcome: Outcome) -> bool:
            spoilt = answered(2, ChessMove("8/8/8/8/8/k7/p7/K7 b - - 0 1", depth=1))
            outcome.records = put(spoilt, outcome.records)
            return True

        fake.spoil = spoil if fake.spec == THREADS else fake.spoil

    lab = Lab().go([SERIAL, THREADS], prepare=prepare)
    for run in lab.runs:
        assert run.wrong == (str(run.contender) == "threads@4")
        assert run.valid == (str(run.contender) == "serial")
    [problem] = next(run.problems for run in lab.runs if str(run.contender) == "threads@4")
    assert problem.startswith("1 job gave an answer that is not serial's; job 2: {'move': ")


ILLEGAL = ChessMove("8/8/8/8/8/8/8/8 w - - 0 1", wait_ms=1.0)
ERROR = "InvalidPositionError: '8/8/8/8/8/8/8/8 w - - 0 1' is illegal: no white king, no black king, empty"


def test_a_job_that_fails_is_one_failure_and_makes_its_run_invalid() -> None:
    def prepare(fake: Fake) -> None:
        def spoil(_: int, outcome: Outcome) -> bool:
            outcome.records = put(
                replace(answered(2, WAITS.jobs[2]), answer=None, error="Oh: no"), outcome.records
            )
            return True

        fake.spoil = spoil if fake.spec == THREADS else fake.spoil

    lab = Lab().go([SERIAL, THREADS], prepare=prepare)
    [spoilt] = [run for run in lab.runs if str(run.contender) == "threads@4"]
    assert (spoilt.failed, spoilt.wrong, spoilt.valid) == (1, 0, False)
    assert spoilt.problems == ["1 job failed; job 2: Oh: no"]
    [row] = [row for row in rows_of(lab) if str(row.contender) == "threads@4"]
    assert TROUBLE.cell(row) == "1/0/0"


def test_a_job_that_fails_in_serial_too_makes_every_run_invalid_and_they_say_so() -> None:
    illegal = Workload("waits", 1, (*WAITS.jobs, ILLEGAL), "waiting", "one of them impossible")

    def prepare(fake: Fake) -> None:
        fake.answers = lambda index, job: (
            JobRecord(index, "fake/1", 0, 0, 0, 1, None, ERROR) if job is ILLEGAL else answered(index, job)
        )

    lab = Lab().go([SERIAL, THREADS], workload=illegal, prepare=prepare)
    for run in lab.runs:
        assert (run.failed, run.wrong, run.valid) == (1, 0, False)
        assert run.errors == {6: ERROR}
        assert run.problems == [
            f"1 job failed, and in serial, too: no run of this workload can be valid; job 6: {ERROR}"
        ]


def rows_of(lab: Lab) -> list[Summary]:
    """What the table shows of what was measured."""
    return summaries(result(lab.runs, [workload(jobs=6)]), workload(jobs=6))


def test_the_answers_are_summed_up_where_the_workload_can() -> None:
    lab = Lab().go([SERIAL], workload=build("files", jobs=3))
    assert lab.measured[0].reference.summary == "3 of 3 files correct"


def test_contenders_out_of_sight_have_no_memory_and_no_cpu_time() -> None:
    lab = Lab().go([SERIAL, Spec("celery:solo", 1)])
    assert all((run.peak_memory_bytes, run.cpu_s, run.broker_cpu_s) == (None, None, None) for run in lab.runs)


def test_what_they_say_of_themselves_is_in_their_runs() -> None:
    used = Usage(7, 0.5, [WorkerUsage("a@lab", 3, 0.1), WorkerUsage("b@lab", 4, 0.4)])

    def say(_: int, outcome: Outcome) -> bool:
        outcome.used = used
        return True

    lab = Lab().go([Spec("celery:solo", 1)], prepare=lambda fake: setattr(fake, "spoil", say))
    assert {(run.peak_memory_bytes, run.cpu_s, run.broker_cpu_s) for run in lab.runs} == {(7, 0.5, None)}
    assert all(run.used == used.workers for run in lab.runs)


def test_a_roster_starts_each_once_and_stops_what_nobody_wants() -> None:
    log: list[str] = []
    with Roster(lambda spec: Fake(spec, log)) as roster:
        assert roster.start(SERIAL) is roster.start(SERIAL)
        roster.start(THREADS)
        roster.stop_all_but({SERIAL})
        assert log == ["start serial", "start threads@4", "stop threads@4"]
        assert roster.start(THREADS).alive()
        assert roster.startups_s.keys() == {SERIAL, THREADS}
    assert sorted(log[3:]) == ["start threads@4", "stop serial", "stop threads@4"]


def test_a_roster_stops_all_of_them_when_something_goes_wrong() -> None:
    log: list[str] = []

    def interrupted() -> None:
        with Roster(lambda spec: Fake(spec, log)) as roster:
            roster.start(SERIAL)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert log == ["start serial", "stop serial"]
