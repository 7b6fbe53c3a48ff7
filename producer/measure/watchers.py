"""Lets several hear of the same comparison: who shows it in the terminal, and who shows it in a browser."""

from __future__ import annotations

from collections.abc import Sequence

from producer.contenders.arrivals import Offer
from producer.contenders.protocol import Contender
from producer.contenders.spec import Spec
from producer.measure.rounds import Watcher
from producer.results import Run
from producer.workloads import Workload


class Watchers:
    """Passes on to each of several watchers, in their order, whatever a `Watcher` hears."""

    def __init__(self, *watchers: Watcher) -> None:
        self._watchers = watchers

    def working_out(self, workload: Workload) -> None:
        """The right answers are being worked out."""
        for watcher in self._watchers:
            watcher.working_out(workload)

    def queueing(self) -> None:
        """It is the turn of another comparison."""
        for watcher in self._watchers:
            watcher.queueing()

    def awaiting(self, answering: int, awaited: int) -> None:
        """Workers that others start are waited for."""
        for watcher in self._watchers:
            watcher.awaiting(answering, awaited)

    def starting(self, workload: Workload, specs: Sequence[Spec]) -> None:
        """Contenders are being started."""
        for watcher in self._watchers:
            watcher.starting(workload, specs)

    def ready(self, workload: Workload, spec: Spec, contender: Contender) -> None:
        """A contender stands ready."""
        for watcher in self._watchers:
            watcher.ready(workload, spec, contender)

    def left_out(self, workload: Workload, spec: Spec, why: str) -> None:
        """A contender cannot run, or can no longer."""
        for watcher in self._watchers:
            watcher.left_out(workload, spec, why)

    def running(self, workload: Workload, spec: Spec, round_: int, rounds: int, offer: Offer | None) -> None:
        """A run begins."""
        for watcher in self._watchers:
            watcher.running(workload, spec, round_, rounds, offer)

    def progress(self, done: int) -> None:
        """Jobs of the run have been done."""
        for watcher in self._watchers:
            watcher.progress(done)

    def ran(self, run: Run) -> None:
        """A run has ended."""
        for watcher in self._watchers:
            watcher.ran(run)
