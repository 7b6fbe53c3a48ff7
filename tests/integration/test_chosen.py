"""What is chosen of a contender's workers is what they do: how many they are, and each of their options."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Sequence
from itertools import accumulate
from pathlib import Path
from typing import Any

import psutil
import pytest

from producer.contenders.celery_workers import spawned
from producer.contenders.celery_workers.process import WorkerProcess
from producer.contenders.celery_workers.send import producer_app
from producer.contenders.celery_workers.spawned import SpawnedWorkers
from producer.contenders.parsing import parse
from producer.contenders.protocol import Outcome
from producer.contenders.spec import Spec
from producer.measure.lab import Comparison
from producer.measure.plan import Plan
from producer.measure.rounds import Session, measure
from producer.measure.started_contenders import Roster
from producer.stats.starvation import held_back
from producer.system.broker import Broker
from producer.system.reaper import Reaper
from producer.workloads import build
from tests.helpers import family, survivors, until
from tests.integration.conformance import START, run, runnable
from tests.integration.test_deaths import broken
from tests.integration.test_faults import Killer, Recorder
from worker.errors import ContenderError
from worker.jobs import ChessMove
from worker.settings import PROJECT_DATA, RELIABLE_TRANSPORT

pytestmark = pytest.mark.untraced

WAITS = build("waits", 40)
#: Runs in which a worker that may grow has grown, even on a busy machine.
RUNS_TO_GROW = 20


def spec_of(text: str) -> Spec:
    """The contender, if it can run here."""
    return runnable(parse(text, WAITS))


@pytest.fixture
def start(own_roster: Roster) -> Callable[[str], SpawnedWorkers]:
    """Starts a contender by its name, for one test."""

    def go(text: str) -> SpawnedWorkers:
        contender = own_roster.start(spec_of(text))
        assert isinstance(contender, SpawnedWorkers)
        return contender

    return go


def answer(workers: SpawnedWorkers, question: str) -> list[Any]:
    """What each worker answers to a question."""
    nodes = [worker.node for worker in workers._workers]
    replies: dict[str, Any] = {}

    def ask() -> bool:
        replies.update(getattr(workers._around.app.control.inspect(nodes), question)() or {})
        return len(replies) == len(nodes)

    until(ask, f"all answer {question}")
    return [replies[node] for node in nodes]


@pytest.mark.parametrize(
    ("text", "processes", "workers"), [("celery:prefork@2x2", 4, 2), ("celery:solo@1x3", 3, 3)]
)
def test_several_workers_are_one_contender(
    start: Callable[[str], SpawnedWorkers], own_roster: Roster, text: str, processes: int, workers: int
) -> None:
    contender = start(text)
    everything = [process for pid in contender.processes() for process in family(pid)]
    assert len(contender.processes()) == workers
    outcome = run(contender.spec, own_roster, WAITS.jobs)
    assert (outcome.slots, outcome.workers) == (processes, workers)
    hosts = {record.worker for record in outcome.records}
    assert 1 < len(hosts) <= processes
    contender.stop()
    assert survivors(everything) == []
    assert (contender.processes(), contender.alive()) == ([], False)


def test_one_of_two_workers_that_is_killed_spoils_its_run_and_both_are_there_in_the_next(
    own_roster: Roster, broker: Broker, data_root: Path
) -> None:
    class KillsOne(Killer):
        def progress(self, done: int) -> None:
            if self._armed and done:
                self._armed, self.killed = False, done
                first, second = self._roster.start(self._victim).processes()
                self.survivor = psutil.Process(first)
                os.kill(second, signal.SIGKILL)

    victim = spec_of("celery:solo@1x2")
    killer, recorder = KillsOne(own_roster, victim), Recorder()
    measure(build("waits", 80), [victim], Session(2, 1, data_root, broker, own_roster, killer), recorder)
    spoilt, whole = recorder.runs
    assert any(problem == "its worker 2 of 2 was ended by SIGKILL" for problem in spoilt.problems)
    assert (whole.problems, whole.slots, len(whole.workers)) == ([], 2, 2)
    assert survivors([killer.survivor]) == []  # or it would go on with its jobs in another's run
    assert [contender.left_out for contender in recorder.workloads[0].contenders] == [None]


def test_a_worker_that_dies_after_all_its_jobs_are_done_is_told_all_the_same(
    start: Callable[[str], SpawnedWorkers],
) -> None:
    contender = start("celery:solo@1x2")

    def kill(done: int) -> None:
        if done == len(WAITS.jobs):
            process = contender._workers[0].process
            process.kill()
            process.wait()

    problem, *_ = contender.run(WAITS.jobs, kill).problems
    assert problem == "its worker 1 of 2 was ended by SIGKILL"
    assert not contender.alive()


def test_where_one_worker_cannot_start_those_that_have_are_ended(
    broker: Broker, reaper: Reaper, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(spawned, "cores", lambda: 1)  # one after the other
    python = broken(tmp_path, f"mkdir {tmp_path}/first 2>/dev/null || exit 4\nexec sleep 600")
    pids: list[int] = []
    spec = Spec("celery:solo", 1, workers=2, python=python)
    workers = SpawnedWorkers(spec, broker, producer_app(broker.url), tmp_path, reaper)
    await_ready = WorkerProcess.await_ready

    def await_but_the_first(worker: WorkerProcess) -> None:
        if pids:
            await_ready(worker)
        else:
            until((tmp_path / "first").exists, "the first runs")
            pids.append(worker.process.pid)

    monkeypatch.setattr(WorkerProcess, "await_ready", await_but_the_first)
    with pytest.raises(ContenderError, match=r"its worker 2 of 2 ended with exit code 4"):
        workers.start()
    assert len(pids) == 1
    assert not psutil.pid_exists(pids[0])
    assert (workers.processes(), workers.alive()) == ([], False)


@pytest.mark.parametrize("prefetch", [1, 5])
def test_prefetch_is_how_many_jobs_a_worker_takes_for_each_slot(
    start: Callable[[str], SpawnedWorkers], prefetch: int
) -> None:
    contender = start(f"celery:threads@2/prefetch={prefetch}")
    [stats] = answer(contender, "stats")
    assert stats["prefetch_count"] == 2 * prefetch
    long, short = ChessMove(START, wait_ms=1000), ChessMove(START, wait_ms=0)
    records = contender.run([long, long, *[short] * 20], lambda _: None).records
    ended = min(record.finished_ns for record in records if record.index < 2)
    early = [record.index for record in records if record.received_ns < ended]
    assert len(early) <= 2 * prefetch
    assert prefetch == 1 or len(early) > 2


# Not solo: there the acknowledgement leaves when the job has given back the only thread.
@pytest.mark.parametrize("pool", ["prefork", "threads", "gevent", "eventlet", "asyncio"])
def test_with_early_acks_a_job_that_is_begun_is_nobody_else_s(
    start: Callable[[str], SpawnedWorkers], client: Any, pool: str
) -> None:
    held = {}
    for acks in ("late", "early"):
        contender = start(f"celery:{pool}@1/acks={acks}")
        while acks not in held:
            looks: list[tuple[int, int]] = []

            def look(_: int, contender: SpawnedWorkers = contender, looks: list[Any] = looks) -> None:
                if not looks:
                    looks.append((_unacknowledged(client, contender._queue), time.monotonic_ns()))

            # The first record comes while the second job waits.
            outcome = contender.run([ChessMove(START, wait_ms=0), ChessMove(START, wait_ms=3000)], look)
            assert outcome.problems == []
            [(seen, looked_ns)] = looks
            if looked_ns < max(record.finished_ns for record in outcome.records):  # else the machine was busy
                held[acks] = seen
    assert held == {"late": 1, "early": 0}


def _unacknowledged(client: Any, queue: str) -> int:
    """Messages that are neither acknowledged nor about to be, with those in the queue."""
    looked_until = time.monotonic() + 1.0
    while True:
        keys = [key for key in client.keys(f"reliable:*:{queue}") if client.type(key) == b"list"]
        held = sum(client.llen(key) for key in keys) + client.llen(queue)
        if not held or time.monotonic() > looked_until:
            return int(held)
        time.sleep(0.01)


def test_two_transports_stand_side_by_side_in_one_comparison(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    carried: dict[str, str] = {}
    started = SpawnedWorkers.start

    def start(self: SpawnedWorkers) -> None:
        started(self)
        [stats] = answer(self, "stats")
        carried[str(self.spec.name)] = stats["broker"]["transport"]

    monkeypatch.setattr(SpawnedWorkers, "start", start)
    stock, ours = "celery:threads@2/transport=stock", "celery:threads@2"
    plan = Plan(
        workloads=[WAITS],
        contenders={WAITS.name: [spec_of(stock), spec_of(ours)]},
        rounds=1,
        seed=1,
        chunk=1,
        data_root=PROJECT_DATA,
        out=tmp_path / "result.json",
    )
    assert plan.transports == {"stock", "reliable"}
    result = Comparison(plan, Silent()).carry_out()
    assert {str(run.contender): run.problems for run in result.runs} == {stock: [], ours: []}
    assert carried == {stock: "celery_reliable_redis.stock:Transport", ours: RELIABLE_TRANSPORT}


class Silent:
    """Watches a comparison, and says nothing."""

    def __getattr__(self, _: str) -> Callable[..., None]:
        return lambda *_: None


def test_a_process_is_replaced_after_so_many_jobs(start: Callable[[str], SpawnedWorkers]) -> None:
    outcome = start("celery:prefork@2/max-tasks-per-child=4").run(WAITS.jobs, lambda _: None)
    assert outcome.problems == []
    per_process = _jobs_by_process(outcome)
    assert len(per_process) >= len(WAITS.jobs) / 4
    assert max(per_process) <= 4


def _jobs_by_process(outcome: Outcome) -> Sequence[int]:
    names = [record.worker for record in outcome.records]
    return [names.count(name) for name in {*names}]


@pytest.mark.parametrize("pool", ["prefork", "gevent", "eventlet", "asyncio"])
def test_autoscale_begins_with_the_fewest_and_grows_to_the_most(
    start: Callable[[str], SpawnedWorkers], pool: str
) -> None:
    contender = start(f"celery:{pool}/autoscale=3,1")
    assert (contender.spec.slots, contender.spec.total_slots) == (3, 3)
    [stats] = answer(contender, "stats")
    assert (stats["autoscaler"]["max"], stats["autoscaler"]["min"]) == (3, 1)
    jobs = [ChessMove(START, wait_ms=50)] * 60
    # It grows while there is something to do, as soon as its thread has its turn: on a busy machine later.
    for _ in range(RUNS_TO_GROW):
        outcome = contender.run(jobs, lambda _: None)
        assert (outcome.problems, outcome.slots) == ([], 3)
        if (most := _most_at_once(outcome)) >= 3:
            break
    assert most == 3


def _most_at_once(outcome: Outcome) -> int:
    moments = [(record.started_ns, 1) for record in outcome.records]
    moments += [(record.finished_ns, -1) for record in outcome.records]
    return max(accumulate(change for _, change in sorted(moments)))


def test_a_run_knows_which_worker_each_process_belongs_to(
    start: Callable[[str], SpawnedWorkers],
) -> None:
    contender = start("celery:prefork@2x2/prefetch=1")
    first, second = contender.processes()
    outcome = contender.run(WAITS.jobs, lambda _: None)
    children = [{process.pid for process in family(pid)} for pid in (first, second)]
    assert {*outcome.belongs} == {record.worker for record in outcome.records}
    for name, place in outcome.belongs.items():
        assert int(name.rpartition("/")[2]) in children[place]


def test_what_prefetch_does_to_short_jobs_is_measured(
    own_roster: Roster, broker: Broker, data_root: Path
) -> None:
    many, few = spec_of("celery:threads@1x2/prefetch=30"), spec_of("celery:threads@1x2/prefetch=1")
    workload, recorder = build("uneven", 30), Recorder()  # one long job, and a worker for it
    session = Session(1, 1, data_root, broker, own_roster, Silent())
    measure(workload, [many, few], session, recorder)
    held = {run.contender: held_back(run) for run in recorder.runs}
    assert {run.contender: run.problems for run in recorder.runs} == {many.name: [], few.name: []}
    behind_many, behind_few = held[many.name], held[few.name]
    assert behind_many
    assert behind_few
    # What the worker with the long job had reserved lay behind it; of one message a slot, none does.
    assert (behind_many.jobs > 0, behind_few.jobs) == (True, 0)
    assert behind_many.for_s > behind_few.for_s == 0
