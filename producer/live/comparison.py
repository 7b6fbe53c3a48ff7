"""Publishes a comparison, or a sweep, as it goes on: its contenders as lanes, and its report at the end."""

from __future__ import annotations

import time
from collections.abc import Sequence
from types import TracebackType
from typing import Any

from producer.contenders.arrivals import Offer
from producer.contenders.protocol import Contender
from producer.contenders.spec import Spec
from producer.live.feed import MOST_REPORT, STATE_S, Feed, broken_off
from producer.measure.plan import Plan
from producer.results import Result, Run
from producer.workloads import Workload

Lane = dict[str, Any]


class LiveWatcher:
    """Hears of a comparison as a `Watcher` does, and publishes it. Use it as a context manager.

    What is published is in `docs/live.md`. Where the plan names no broker, nothing is.
    """

    def __init__(self, plan: Plan, feed: Feed | None = None) -> None:
        self._feed = feed or Feed(plan.broker_url)
        #: By workload and contender, as it was asked for and also as it is.
        self._lanes: dict[tuple[str, Spec], Lane] = {}
        self._contenders: dict[tuple[str, Spec], Contender] = {}
        lanes = []
        for workload in plan.workloads:
            for spec in plan.contenders[workload.name]:
                lane = self._lanes[workload.name, spec] = _lane(workload, spec)
                lanes.append(lane)
        names = ", ".join(workload.name for workload in plan.workloads)
        self._state: dict[str, Any] = {
            "kind": plan.kind,
            "title": f"{names}, along {plan.axis}" if plan.kind == "sweep" else names,
            "status": "starting",
            "says": "making ready",
            # Of a load, a run at each rate counts as a round.
            "rounds": plan.rounds * max(len(plan.offers), 1),
            "began": time.time(),
            "ended": None,
            "workers": None,
            "report": False,
            "lanes": lanes,
        }
        #: The lane that runs, since when, and when it is next published.
        self._running: Lane | None = None
        self._since_s = self._next_s = 0.0

    def __enter__(self) -> LiveWatcher:
        self._feed.__enter__()
        self._publish()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._state["ended"] = time.time()
        self._say(*(broken_off(error) if error else ("done", "done")))
        self._feed.__exit__(kind, error, trace)

    def finish(self, result: Result, name: str) -> None:
        """Publish the report of the result where somebody watches; `name` is its file's.

        A run that is done has its report: that is said by leaving the context.
        """
        if self._feed.watched:
            self._say("reporting", "making the report")
            from producer.show.report.files import make_page  # not at the top: nobody may want it
            from producer.show.report.labelled import label

            page = make_page([label(name, result)])
            if len(page.encode()) <= MOST_REPORT:
                self._feed.report(page)
                self._state["report"] = True

    def working_out(self, workload: Workload) -> None:
        """Publish that the right answers are being worked out."""
        self._say("working out", f"{workload.name}: working out the right answers")

    def queueing(self) -> None:
        """Publish that it is the turn of another comparison."""
        self._say("queueing", "another comparison uses these workers: waiting for it to end")

    def awaiting(self, answering: int, awaited: int) -> None:
        """Publish how many workers that others start are waited for."""
        self._state["workers"] = {"answering": answering, "awaited": awaited}
        of = f" of {awaited}" if awaited else ""
        self._say("starting", f"workers: {answering}{of} answer")

    def starting(self, workload: Workload, specs: Sequence[Spec]) -> None:
        """Publish which contenders are being started."""
        for spec in specs:
            self._lanes[workload.name, spec]["status"] = "starting"
        more = f" and {len(specs) - 1} more" if len(specs) > 1 else ""
        self._say("starting", f"{workload.name}: starting {specs[0].name}{more}")

    def ready(self, workload: Workload, spec: Spec, contender: Contender) -> None:
        """Publish that a contender stands ready, with what it turned out to be."""
        lane = self._lanes[workload.name, spec]
        self._lanes[workload.name, contender.spec] = lane
        self._contenders[workload.name, contender.spec] = contender
        lane |= {"status": "ready", "name": str(contender.spec.name)}
        if contender.spec.celery_pool:
            lane["workers"] = contender.spec.workers
        self._publish()

    def left_out(self, workload: Workload, spec: Spec, why: str) -> None:
        """Publish that a contender cannot run, or can no longer."""
        self._lanes[workload.name, spec] |= {"status": "left out", "why": why, "queue": None}
        self._publish()

    def running(self, workload: Workload, spec: Spec, round_: int, rounds: int, offer: Offer | None) -> None:
        """Publish that a run begins."""
        self._running = lane = self._lanes[workload.name, spec]
        queue = self._contenders[workload.name, spec].queue
        lane |= {"status": "running", "round": round_, "done": 0, "rate": None, "queue": queue}
        lane["jobs"] = len(workload.jobs)
        at_rate = f" at {offer.rate:,g} jobs/s" if offer else ""
        self._say("running", f"{workload.name}: round {round_}/{rounds}{at_rate} {spec.name}")
        self._since_s = time.monotonic()
        self._next_s = self._since_s + STATE_S

    def progress(self, done: int) -> None:
        """Publish how many jobs of the run are done, where somebody watches, and not too often."""
        now_s = time.monotonic()
        if now_s >= self._next_s and self._running and self._feed.watched:
            self._next_s = now_s + STATE_S
            self._running |= {"done": done, "rate": _rounded(done / (now_s - self._since_s))}
            self._publish()

    def ran(self, run: Run) -> None:
        """Publish what a run came to."""
        if lane := self._running:
            lane |= {"status": "ready", "done": run.jobs - run.lost, "queue": None}
            if run.valid:
                makespan_s = run.makespan_s
                lane["makespans_s"].append(round(makespan_s, 6))
                lane["rate"] = _rounded(run.jobs / makespan_s) if makespan_s else None
            else:
                lane |= {"invalid": lane["invalid"] + 1, "why": run.problems[0], "rate": None}
            self._running = None
            self._publish()

    def _say(self, status: str, says: str) -> None:
        self._state |= {"status": status, "says": says}
        self._publish()

    def _publish(self) -> None:
        self._feed.state(self._state)


def _lane(workload: Workload, spec: Spec) -> Lane:
    return {
        "workload": workload.name,
        "name": str(spec.name),
        "jobs": len(workload.jobs),
        "status": "waiting",
        "round": 0,
        "done": 0,
        "rate": None,
        "makespans_s": [],
        "invalid": 0,
        "workers": None,
        "queue": None,
        "why": None,
    }


def _rounded(rate: float) -> float:
    return float(f"{rate:.4g}")
