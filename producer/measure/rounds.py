"""Times every run: contenders stand ready and warm, and run round by round in seeded random order.

Every contender stands ready before any clock runs; all do the same jobs round by round; their answers
are checked, and each run is handed over as it ends. Nothing is printed here, and nothing saved.
"""

from __future__ import annotations

import itertools
import random
import sys
from collections.abc import Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Protocol

from producer.contenders.arrivals import Offer
from producer.contenders.protocol import Contender
from producer.contenders.spec import Spec, unfit
from producer.measure.arriving import Arriving
from producer.measure.reference_run import work_out
from producer.measure.side_by_side import side_by_side
from producer.measure.started_contenders import Roster
from producer.measure.timed_run import timed_run
from producer.results import ContenderResult, Run
from producer.results.reference import Reference
from producer.system.broker import Broker
from producer.workloads import WORKLOADS, Workload
from worker.errors import ContenderError
from worker.jobs import Job

#: Jobs of the workload that a contender does before its first round, per slot; not recorded.
WARM_UP_PER_SLOT = 2


class Watcher(Protocol):
    """Hears what happens, as it happens. All of it is for showing."""

    def working_out(self, workload: Workload) -> None:
        """The right answers are being worked out."""

    def queueing(self) -> None:
        """Somebody else compares with the same workers: it is their turn."""

    def awaiting(self, answering: int, awaited: int) -> None:
        """Workers that others start are waited for: `answering` of `awaited` (0: nobody said) answer."""

    def starting(self, workload: Workload, specs: Sequence[Spec]) -> None:
        """These contenders are being started, first the one that has been for longest."""

    def ready(self, workload: Workload, spec: Spec, contender: Contender) -> None:
        """The contender that was asked for as `spec` stands ready."""

    def left_out(self, workload: Workload, spec: Spec, why: str) -> None:
        """A contender cannot run, or can no longer."""

    def running(self, workload: Workload, spec: Spec, round_: int, rounds: int, offer: Offer | None) -> None:
        """A run begins, whose jobs are sent at once, or arrive as offered."""

    def progress(self, done: int) -> None:
        """`done` jobs of the run have been done."""

    def ran(self, run: Run) -> None:
        """A run has ended."""


@dataclass(slots=True)
class Measured:
    """What is known of one workload besides its runs."""

    workload: Workload
    reference: Reference
    #: All that were asked for, in that order.
    contenders: list[ContenderResult] = field(default_factory=list)


class Recorder(Protocol):
    """Takes down what is measured, in time to save it."""

    def begin(self, measured: Measured) -> None:
        """Take down a workload that begins, with its contenders ready."""

    def add(self, run: Run) -> None:
        """A run has ended."""


@dataclass(frozen=True, slots=True)
class Session:
    """What the workloads of one comparison share."""

    rounds: int
    seed: int
    data_root: Path
    broker: Broker
    roster: Roster
    watcher: Watcher
    #: Contenders that are started beside each other.
    at_once: int = 1
    #: The Python that works the right answers out, and what it needs in its environment.
    executable: str = sys.executable
    variables: Mapping[str, str] = field(default_factory=dict)
    #: The offers at which each round has the jobs arrive, one after the other; None where they are sent at
    #: once.
    offers: Sequence[Offer | None] = (None,)


def measure(
    workload: Workload,
    specs: Sequence[Spec],
    session: Session,
    recorder: Recorder,
) -> None:
    """Have every contender do the workload, round by round, and `recorder` take down what comes of it.

    A contender that cannot run, or stops running, is left out; the others go on.
    """
    watcher = session.watcher
    watcher.working_out(workload)
    reference = _work_out(workload, session)
    measured = Measured(workload, reference)
    ready: list[tuple[Contender, ContenderResult]] = []
    for spec, started in _start_all(specs, workload, session).items():
        if isinstance(started, ContenderError):
            measured.contenders.append(ContenderResult(spec.name, left_out=str(started)))
        else:
            startup_s = session.roster.startups_s[spec]
            measured.contenders.append(ContenderResult(started.spec.name, startup_s))
            ready.append((started, measured.contenders[-1]))
    recorder.begin(measured)
    for round_, offer in itertools.product(range(1, session.rounds + 1), session.offers):
        of_round = f"{session.seed}/{workload.name}/{round_}"
        random.Random(f"{of_round}/{offer.rate}" if offer else of_round).shuffle(ready)
        for contender, of_contender in tuple(ready):
            try:
                _revive(contender)
            except ContenderError as error:
                ready.remove((contender, of_contender))
                of_contender.left_out = str(error)
                watcher.left_out(workload, contender.spec, str(error))
                continue
            arriving = Arriving(contender, offer, workload.jobs) if offer else None
            its_jobs = replace(workload, jobs=arriving.jobs) if arriving else workload
            watcher.running(its_jobs, contender.spec, round_, session.rounds, offer)
            run = timed_run(
                *(contender, its_jobs, reference, round_, session.broker, watcher.progress, arriving)
            )
            recorder.add(run)
            watcher.ran(run)


def _work_out(workload: Workload, session: Session) -> Reference:
    maker = WORKLOADS.get(workload.name)  # the user's own jobs have none
    summary = maker.summary if maker else None
    reference, answers = work_out(
        *(workload.jobs, session.data_root, session.executable, session.variables, workload.check),
        keep=summary is not None,
    )
    return replace(reference, summary=summary(answers)) if summary else reference


def _start_all(
    specs: Sequence[Spec], workload: Workload, session: Session
) -> dict[Spec, Contender | ContenderError]:
    """Start and warm up all, some beside each other; return what became of each, in the order of `specs`."""
    roster, watcher = session.roster, session.watcher
    ended: dict[Spec, Contender | ContenderError] = {}
    under_way: list[Spec] = []

    def begin(spec: Spec) -> None:
        under_way.append(spec)
        watcher.starting(workload, under_way)
        roster.contender(spec)

    def start(spec: Spec) -> Contender:
        if why := spec.unavailable() or unfit(spec, workload):
            raise ContenderError(why)
        contender = roster.start(spec)
        _warm_up(contender, workload.jobs)
        return contender

    def end(spec: Spec, future: Future[Contender]) -> None:
        try:
            ended[spec] = contender = future.result()
        except ContenderError as error:
            ended[spec] = error
            watcher.left_out(workload, spec, str(error))
        else:
            watcher.ready(workload, spec, contender)
        under_way.remove(spec)
        if under_way:
            watcher.starting(workload, under_way)

    def break_off(spec: Spec) -> None:
        roster.contender(spec).break_off()

    side_by_side(specs, start, session.at_once, begin=begin, end=end, break_off=break_off)
    return {spec: ended[spec] for spec in specs}


def _warm_up(contender: Contender, jobs: Sequence[Job]) -> None:
    outcome = contender.run(jobs[: WARM_UP_PER_SLOT * contender.spec.total_slots], lambda _: None)
    if outcome.problems:
        raise ContenderError(f"{contender.spec.name} did not warm up: {outcome.problems[0]}")


def _revive(contender: Contender) -> None:
    # What died in its last run gets one new start; its numbers of that run are lost, not its place.
    if not contender.alive():
        contender.stop()
        contender.start()
