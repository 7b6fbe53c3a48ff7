"""How long workers take from nothing to ready, and where the time of a default comparison goes.

    pytest tests/bench/test_starting.py -m bench -s -n 0

Of each pool a worker by `python -m worker`, one by `python -m celery -A worker worker`, and the import of
Celery and kombu alone, below which neither can come: in random order, round by round, with compiled bytecode.
Ready is a worker that has written to its pipe; warm, as the lab starts it, one that has also done a job in
each slot and answered a question. STARTING_ROUNDS and STARTING_POOLS choose how much of it to run. It asserts
no speed.
"""

from __future__ import annotations

import itertools
import os
import random
import signal
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from producer.contenders.celery_workers.command import worker_command, worker_environment
from producer.contenders.celery_workers.send import producer_app
from producer.contenders.celery_workers.spawned import SpawnedWorkers
from producer.contenders.default_slots import LIGHT_SLOTS
from producer.contenders.spec import Spec
from producer.results import load
from producer.system.broker import Broker
from producer.system.machine import cores
from producer.system.reaper import Reaper
from tests.helpers import family, started
from worker.pools import POOLS
from worker.ready import READY_FD
from worker.settings import PROJECT, PROJECT_DATA

pytestmark = pytest.mark.bench

ROUNDS = int(os.environ.get("STARTING_ROUNDS", "5"))
NAMES = os.environ.get("STARTING_POOLS", ",".join(POOLS)).split(",")
IMPORTS = "import celery.app.base, celery.worker, kombu.transport.redis"

#: Seconds, and seconds of CPU time.
Took = tuple[float, float]


def slots(pool: str) -> int:
    """As many as the lab gives the pool where jobs wait."""
    if not POOLS[pool].scales:
        return 1
    return cores() if POOLS[pool].slot == "process" else LIGHT_SLOTS


def importing() -> Took:
    """The import of Celery and kombu in a Python of its own."""
    began = time.perf_counter()
    process = subprocess.Popen([sys.executable, "-c", IMPORTS], cwd=PROJECT)
    _, _, used = os.wait4(process.pid, 0)
    process.returncode = 0
    return time.perf_counter() - began, used.ru_utime + used.ru_stime


def readiness(pool: str, module: str, broker: Broker) -> Took:
    """A worker by `python -m module`, until it says that it is ready."""
    options = ("-n", f"{module}@bench", "-l", "WARNING", "--without-heartbeat")
    command = worker_command(pool, slots(pool), f"bench.{pool}", *options)
    command[command.index("worker")] = module
    told, telling = os.pipe()
    environment: Mapping[str, str] = worker_environment(pool, broker.url, PROJECT_DATA)
    began = time.perf_counter()
    process = subprocess.Popen(
        command,
        env={**environment, READY_FD: str(telling)},
        pass_fds=(telling,),
        cwd=PROJECT,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    os.close(telling)
    assert os.read(told, 1), f"it ended with {process.wait()}"
    os.close(told)
    took = time.perf_counter() - began, cpu_s(process.pid)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    return took


def warmth(pool: str, broker: Broker, reaper: Reaper) -> Took:
    """A contender of the lab's, until it can be measured."""
    spec = Spec(f"celery:{pool}", slots(pool))
    contender = SpawnedWorkers(spec, broker, producer_app(broker.url), PROJECT_DATA, reaper)
    began = time.perf_counter()
    contender.start()
    try:
        return time.perf_counter() - began, sum(map(cpu_s, contender.processes()))
    finally:
        contender.stop()


def cpu_s(pid: int) -> float:
    """What a process and those below it have used so far."""
    return sum(sum(process.cpu_times()[:2]) for process in family(pid))


@pytest.mark.parametrize("pool", NAMES)
def test_a_worker_from_nothing_to_ready(broker: Broker, reaper: Reaper, pool: str) -> None:
    if why := POOLS[pool].unavailable():
        pytest.skip(why)
    ways: dict[str, Callable[[], Took]] = {
        "imports alone": importing,
        "-m worker, ready": lambda: readiness(pool, "worker", broker),
        "-m celery, ready": lambda: readiness(pool, "celery", broker),
        "-m worker, warm": lambda: warmth(pool, broker, reaper),
    }
    for way in ways.values():  # once, so that all bytecode is there
        way()
    took: dict[str, list[Took]] = {name: [] for name in ways}
    for number in range(ROUNDS):
        for name in random.Random(number).sample(list(ways), len(ways)):
            took[name].append(ways[name]())
    print(f"\n{pool}@{slots(pool)}: median of {ROUNDS} (least to most), and ratio to the imports, by rounds")
    for name, pairs in took.items():
        cells = []
        for which, unit in ((0, "s"), (1, "s of CPU")):
            mine = [pair[which] for pair in pairs]
            ratios = [mine / floor[which] for mine, floor in zip(mine, took["imports alone"], strict=True)]
            spread = f"({min(mine):.2f}-{max(mine):.2f})"
            cells.append(f"{statistics.median(mine):.2f} {unit} {spread} x{statistics.median(ratios):.2f}")
        print(f"  {name:18} {'   '.join(cells)}")


def test_where_the_time_of_a_default_comparison_goes(tmp_path: Path) -> None:
    out, began = tmp_path / "a.json", time.perf_counter()
    marks: list[tuple[str, float]] = []
    with started("compare", "--out", str(out), cwd=tmp_path) as process:
        assert process.stderr is not None
        for line in process.stderr:
            workload, _, what = line.partition(": ")
            if "working out" in what or what.startswith("round "):
                marks.append(
                    (f"{workload}: {'rounds' if 'round ' in what else 'start'}", time.perf_counter())
                )
        assert process.wait() == 0
    marks.append(("the end", time.perf_counter()))
    spent = {"before the first workload": marks[0][1] - began}
    for (name, since), (_, until) in itertools.pairwise(marks):
        spent[name] = spent.get(name, 0.0) + until - since
    print(f"\nthe whole default comparison: {marks[-1][1] - began:.1f} s; load {os.getloadavg()[0]:.1f}")
    result = load(out)
    for name, seconds in spent.items():
        runs = [run.times.makespan_s for run in result.runs if name == f"{run.workload}: rounds"]
        print(f"  {name:28} {seconds:5.1f} s" + (f", of which {sum(runs):.1f} s in runs" if runs else ""))
    in_runs = sum(run.times.makespan_s for run in result.runs)
    print(f"  ratio to the runs alone, {in_runs:.1f} s: {(marks[-1][1] - began) / in_runs:.2f}")
