"""What it costs a run that browsers watch it.

    pytest tests/bench/test_watching.py -m bench -s

Each workload is done by each contender in three situations, one right after the other and in random order:
without a live server, with one that nobody has opened, and with one that WATCHING_BROWSERS (50) connections
watch. Servers and browsers are processes of this machine and share its cores; browsers on other machines
would take nothing of it. Those that a situation has not are halted. Contenders stand ready and warm
throughout, and publish by `LiveWatcher` as `simul compare` does.

Prints the makespans, and the ratios to a run without a server, round by round. Where others use the machine,
these say little; what the server, the browsers and the run's own thread that publishes take of a core says it
all the same, and is printed beside them. Asserts only that every job was done. WATCHING_ROUNDS (7),
WATCHING_JOBS (of each workload: waits=1500,files=4000) and WATCHING_WITH choose how much of it to run.
"""

from __future__ import annotations

import contextlib
import os
import random
import signal
import statistics
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import psutil
import pytest

from producer.contenders.celery_workers.send import producer_app
from producer.contenders.celery_workers.spawned import SpawnedWorkers
from producer.contenders.designs.contender import DesignContender
from producer.contenders.parsing import parse
from producer.contenders.protocol import Contender, Progress
from producer.contenders.spec import Spec
from producer.live.comparison import LiveWatcher
from producer.live.feed import WATCHED, Feed
from producer.measure.plan import Plan
from producer.measure.started_contenders import Roster
from producer.system.broker import Broker
from producer.system.client import connect
from producer.system.garbage import collector_off
from producer.system.reaper import Reaper
from producer.workloads import Workload, build
from tests.helpers import await_line, running, until
from tests.live_site import Site, live_site
from worker.settings import PROJECT_DATA

pytestmark = pytest.mark.bench

ROUNDS = int(os.environ.get("WATCHING_ROUNDS", "7"))
BROWSERS = int(os.environ.get("WATCHING_BROWSERS", "50"))
WITH = os.environ.get("WATCHING_WITH", "threads@8,celery:gevent@32").split(",")
JOBS = dict(part.split("=") for part in os.environ.get("WATCHING_JOBS", "waits=1500,files=4000").split(","))
WITHOUT, UNOPENED, WATCHED_BY = "no server", "nobody", f"{BROWSERS} browsers"
SITUATIONS = (WITHOUT, UNOPENED, WATCHED_BY)
WARM_UP = 100
#: How long what a change of situation brings with it is waited for, in seconds.
SETTLE_S = 0.7


class Pass(NamedTuple):
    """One run, and what of a core others had of it."""

    makespan_s: float
    server: float
    browsers: float
    feed: float


class Stage:
    """The servers and the browsers, of which those go on that a situation has."""

    def __init__(self, broker: Broker, unopened: Site, watched: Site, browsers: int) -> None:
        self._broker = broker
        self._servers = {UNOPENED: unopened.process.pid, WATCHED_BY: watched.process.pid}
        self._browsers = browsers

    @contextlib.contextmanager
    def situation(self, name: str, plan: Plan) -> Iterator[LiveWatcher]:
        """Have a run published in this situation."""
        with contextlib.closing(connect(self._broker.url)) as client:
            client.delete(WATCHED)
        self._signal(name, signal.SIGCONT)
        feed = Feed(self._broker.url)
        try:
            if name != WITHOUT:
                with contextlib.closing(connect(self._broker.url)) as client:
                    until(lambda: client.exists(WATCHED), "the server says that it watches")
            with LiveWatcher(plan, feed) as watcher:
                until(lambda: feed.watched == (name != WITHOUT), "the run is watched")
                time.sleep(SETTLE_S)
                yield watcher
        finally:
            self._signal(name, signal.SIGSTOP)

    def halt(self) -> None:
        """Halt all of it."""
        for name in SITUATIONS:
            self._signal(name, signal.SIGSTOP)

    def resume(self) -> None:
        """Let all of it go on, so that it can end."""
        for name in SITUATIONS:
            self._signal(name, signal.SIGCONT)

    def used_s(self, name: str) -> tuple[float, float]:
        """CPU that the situation's server, and its browsers, have used."""
        server = _cpu_s(self._servers[name]) if name in self._servers else 0
        return server, _cpu_s(self._browsers) if name == WATCHED_BY else 0

    def _signal(self, name: str, number: signal.Signals) -> None:
        if name in self._servers:
            os.kill(self._servers[name], number)
        if name == WATCHED_BY:
            os.kill(self._browsers, number)


def test_a_run_that_is_watched_beside_one_that_is_not(broker: Broker, reaper: Reaper, tmp_path: Path) -> None:
    workloads = [build(name, int(jobs)) for name, jobs in JOBS.items()]
    specs = [parse(name, workloads[0]) for name in WITH]
    plan = Plan(
        workloads=workloads,
        contenders={workload.name: specs for workload in workloads},
        rounds=ROUNDS,
        seed=1,
        chunk=1,
        data_root=PROJECT_DATA,
        out=None,
        broker_url=broker.url,
    )
    app = producer_app(broker.url)

    def make(spec: Spec) -> Contender:
        if spec.celery_pool:
            return SpawnedWorkers(spec, broker, app, PROJECT_DATA, reaper)
        return DesignContender(spec, PROJECT_DATA, reaper)

    passes: dict[tuple[str, str, str], list[Pass]] = {}
    with Roster(make) as roster, _stage(broker, tmp_path) as stage:
        contenders = [roster.start(spec) for spec in specs]
        for contender in contenders:
            contender.run(workloads[0].jobs[:WARM_UP], lambda _: None)
        pairs = [(workload, contender) for workload in workloads for contender in contenders]
        for round_ in range(ROUNDS):
            for workload, contender in random.sample(pairs, len(pairs)):
                for situation in random.sample(SITUATIONS, len(SITUATIONS)):
                    key = workload.name, str(contender.spec.name), situation
                    with stage.situation(situation, plan) as watcher:
                        before = *stage.used_s(situation), _thread_s()
                        watcher.ready(workload, contender.spec, contender)
                        watcher.running(workload, contender.spec, round_ + 1, ROUNDS, None)
                        began = time.monotonic()
                        makespan_s = _run(workload, contender, watcher.progress)
                        took_s = time.monotonic() - began
                        after = *stage.used_s(situation), _thread_s()
                    shares = [(b - a) / took_s for a, b in zip(before, after, strict=True)]
                    passes.setdefault(key, []).append(Pass(makespan_s, *shares))
    print(*_table(passes), sep="\n")


@contextlib.contextmanager
def _stage(broker: Broker, directory: Path) -> Iterator[Stage]:
    command = [sys.executable, f"{Path(__file__).with_name('browsers.py')}"]
    with (
        live_site(directory, "--broker", broker.url) as unopened,
        live_site(directory, "--broker", broker.url) as watched,
        running([*command, str(watched.port), str(BROWSERS)]) as browsers,
    ):
        assert browsers.stdout
        await_line(browsers.stdout, "ready")
        stage = Stage(broker, unopened, watched, browsers.pid)
        stage.halt()
        try:
            yield stage
        finally:
            stage.resume()


def _run(workload: Workload, contender: Contender, progress: Progress) -> float:
    with collector_off():
        outcome = contender.run(workload.jobs, progress)
    assert not outcome.problems
    assert len(outcome.records) == len(workload.jobs)
    first = min(record.enqueued_ns for record in outcome.records)
    return (max(record.finished_ns for record in outcome.records) - first) / 1e9


def _cpu_s(pid: int) -> float:
    times = psutil.Process(pid).cpu_times()
    return float(times.user + times.system)


def _thread_s() -> float:
    """CPU that the threads which publish have used in this process."""
    ids = {thread.native_id for thread in threading.enumerate() if thread.name == "live feed"}
    times = [thread for thread in psutil.Process().threads() if thread.id in ids]
    return float(sum(thread.user_time + thread.system_time for thread in times))


def _table(passes: dict[tuple[str, str, str], list[Pass]]) -> Iterator[str]:
    yield f"\n{ROUNDS} interleaved rounds, {os.cpu_count()} cores: makespan in s, median; its ratio to that"
    yield "without a server, median and range; of a core, for server, browsers and the thread that publishes"
    for (workload, contender, situation), runs in sorted(passes.items()):
        pairs = zip(runs, passes[workload, contender, WITHOUT], strict=True)
        ratios = sorted(run.makespan_s / other.makespan_s for run, other in pairs)
        medians = [statistics.median(values) for values in zip(*runs, strict=True)]
        yield (
            f"{workload:7}{contender:18}{situation:>12}{medians[0]:8.3f}"
            f"{statistics.median(ratios):8.3f} ({ratios[0]:.3f} to {ratios[-1]:.3f})"
            f"{100 * statistics.mean(run.server for run in runs):7.1f} %"
            f"{100 * statistics.mean(run.browsers for run in runs):6.1f} %"
            f"{100 * statistics.mean(run.feed for run in runs):6.1f} %"
        )
