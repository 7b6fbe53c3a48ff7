"""Compares queues neutrally: the same jobs, sending apart from doing, and latency at half of the capacity.

Every contender is held against its own capacity: of the jobs a second that it has done, half are offered.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import replace

from producer.contenders.arrivals import Offer
from producer.contenders.spec import Spec
from producer.measure.arriving import Arriving
from producer.measure.contender_factory import ContenderFactory
from producer.measure.filled_run import filled_run
from producer.measure.plan import Plan
from producer.measure.reference_run import work_out
from producer.measure.started_contenders import Roster
from producer.measure.timed_run import timed_run
from producer.results.queue_runs import QueueRuns
from producer.results.reference import Reference
from producer.system.broker import Broker, open_broker
from producer.system.reaper import Reaper
from producer.workloads import Workload
from worker.errors import ContenderError

#: The share of its own capacity that is offered to each.
LOAD = 0.5


#: Called with what is being done.
Tell = Callable[[str], None]


def compare_queues(plan: Plan, arriving: tuple[float, int], tell: Tell) -> tuple[list[QueueRuns], str]:
    """Measure every contender of the plan on every workload; also returns the broker's version.

    At half of the capacity, jobs arrive for so many seconds, and as long as it takes for so many to arrive.
    One that cannot run, or dies, is left out, and the others go on.
    """
    measured: list[QueueRuns] = []
    with Reaper() as reaper, open_broker(plan.broker_url, reaper) as broker:
        if not broker.embedded:
            reaper.set_broker(broker.url)
        factory = ContenderFactory(plan, broker, reaper, lambda *_: None)
        for workload in plan.workloads:
            reference, _ = work_out(
                *(workload.jobs, plan.data_root, plan.executable, plan.variables, workload.check)
            )
            with Roster(factory.make) as roster:
                trial = _Trial(plan, workload, reference, broker, roster, tell)
                measured += trial.measure(plan.contenders[workload.name], *arriving)
        return measured, broker.version


class _Trial:
    """Measures one workload."""

    def __init__(
        self, plan: Plan, workload: Workload, reference: Reference, broker: Broker, roster: Roster, tell: Tell
    ) -> None:
        self._plan = plan
        self._workload = workload
        self._reference = reference
        self._broker = broker
        self._roster = roster
        self._tell = tell

    def measure(self, specs: Sequence[Spec], for_s: float, least: int) -> list[QueueRuns]:
        measured = {spec: QueueRuns(self._workload, spec.name) for spec in specs}
        for spec, runs in measured.items():
            self._tell(f"{self._workload.name}: starting {spec.name}")
            runs.left_out = spec.unavailable() or self._start(spec)
        ready = [spec for spec, runs in measured.items() if runs.left_out is None]
        for round_ in range(1, self._plan.rounds + 1):
            random.Random(f"{self._plan.seed}/{self._workload.name}/{round_}").shuffle(ready)
            for spec in ready:
                self._tell(f"{self._workload.name}: round {round_} of {self._plan.rounds}, {spec.name}")
                self._fill(spec, measured[spec], round_)
        for spec in ready:
            self._load(spec, measured[spec], for_s, least)
        return list(measured.values())

    def _start(self, spec: Spec) -> str | None:
        """Start a contender, or start it anew where it has died; says why it does not run."""
        try:
            self._roster.start(spec)
        except ContenderError as error:
            return str(error)
        return None

    def _fill(self, spec: Spec, runs: QueueRuns, round_: int) -> None:
        runs.left_out = runs.left_out or self._start(spec)
        if runs.left_out is None:
            contender = self._roster.contender(spec)
            runs.filled.append(filled_run(contender, self._workload, self._reference, round_))

    def _load(self, spec: Spec, runs: QueueRuns, for_s: float, least: int) -> None:
        """Offer half of what it can do, for as long as it takes for enough jobs to arrive."""
        if runs.capacity is None or runs.left_out:
            return
        rate = LOAD * runs.capacity
        self._tell(f"{self._workload.name}: {spec.name} at {rate:,.0f} jobs/s, half of what it can do")
        runs.left_out = self._start(spec)
        if runs.left_out is None:
            contender = self._roster.contender(spec)
            offer = Offer(rate, max(for_s, least / rate), self._plan.seed)
            arriving = Arriving(contender, offer, self._workload.jobs)
            arrived = replace(self._workload, jobs=arriving.jobs)
            runs.half = timed_run(
                *(contender, arrived, self._reference, 1, self._broker, lambda _: None, arriving)
            )
