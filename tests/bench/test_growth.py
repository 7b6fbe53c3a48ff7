"""What a job costs in comparisons of 1,000 to 100,000 jobs, and the memory of the lab. Asserts no speed.

pytest -m bench tests/bench/test_growth.py -s

GROWTH_JOBS="1000,10000" does without the last, which takes minutes; GROWTH_WITH names contenders, and
GROWTH_ROUNDS says how many rounds, GROWTH_TAKES how often the lab itself is looked at.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from producer.results import load
from producer.stats.summary import runs_by_contender
from tests.helpers import clean_environment
from worker.settings import PROJECT

pytestmark = pytest.mark.bench

JOBS = [int(number) for number in os.environ.get("GROWTH_JOBS", "1000,10000,100000").split(",")]
CONTENDERS = os.environ.get("GROWTH_WITH", "serial,threads@4,asyncio@4,processes@2,celery:threads@4")
ROUNDS = int(os.environ.get("GROWTH_ROUNDS", "1"))
#: Contenders of the lab that has nothing to wait for, and how often it is looked what that takes.
CANNED, TAKES = 8, int(os.environ.get("GROWTH_TAKES", "3"))
HOW_MANY = ", ".join(f"{jobs:,}" for jobs in JOBS)


def compare(out: Path, *arguments: str, **environment: str) -> Any:
    """What the lab says that it has taken for a comparison."""
    subprocess.run(
        [sys.executable, "-m", "tests.bench.growing_lab", "compare", *arguments, "-q", "--out", str(out)],
        cwd=PROJECT,
        env=clean_environment(**environment),
        stdout=subprocess.DEVNULL,
        check=True,
    )
    return json.loads(out.with_suffix(".taken").read_text())


def tell(what: str, values: Sequence[float], unit: str) -> None:
    """Print a number for each number of jobs, and the last by the first."""
    numbers = "".join(f"{value:12.3f}" for value in values)
    print(f"  {what:40}{numbers} {unit:4} last / first {values[-1] / values[0]:.2f}")


def test_what_a_job_costs(tmp_path: Path) -> None:
    per_job: dict[str, list[float]] = {}
    for jobs in JOBS:
        out = tmp_path / f"{jobs}.json.gz"
        compare(out, "files", "--with", CONTENDERS, "--jobs", str(jobs), "--rounds", str(ROUNDS))
        for name, runs in runs_by_contender(load(out), "files").items():
            makespan_s = statistics.median(run.makespan_s for run in runs)
            cpu_s = statistics.median(run.cpu_s or 0.0 for run in runs)
            per_job.setdefault(f"{name}: makespan", []).append(1000 * makespan_s / jobs)
            per_job.setdefault(f"{name}: CPU of its processes", []).append(1000 * cpu_s / jobs)
    print(f"\nper job of `files`: {HOW_MANY} jobs, the median of {ROUNDS} rounds")
    for what, values in sorted(per_job.items()):
        tell(what, values, "ms")


def test_what_the_lab_itself_takes(tmp_path: Path) -> None:
    cpu: dict[int, list[float]] = {jobs: [] for jobs in JOBS}
    peak: dict[int, list[float]] = {jobs: [] for jobs in JOBS}
    for take in range(TAKES):
        for jobs in JOBS:
            one, more = (
                canned(tmp_path / f"{take}-{jobs}-{rounds}.json.gz", jobs, rounds)
                for rounds in (1, 1 + rounds_more(jobs))
            )
            # What the rounds more have taken: without the start, and without the making of the jobs.
            records = rounds_more(jobs) * CANNED * jobs
            cpu[jobs].append(1e6 * (more["lab_cpu_s"] - one["lab_cpu_s"]) / records)
            peak[jobs].append(more["peak_bytes"] / 2**20)
    print(f"\nthe lab, with {CANNED} contenders that hand over records at once: {HOW_MANY} jobs")
    print(f"  the least of {TAKES} takes, in which the numbers of jobs take turns")
    tell("CPU for each record", [*map(min, cpu.values())], "µs")
    tell("peak memory", [*map(min, peak.values())], "MiB")


def rounds_more(jobs: int) -> int:
    """As many rounds as make some 40,000 jobs: of fewer, the clock of a busy machine tells little."""
    return max(1, 40_000 // jobs)


def canned(out: Path, jobs: int, rounds: int) -> Any:
    """What the lab says that it has taken where it has nothing to wait for."""
    contenders = ",".join(f"threads@{slots}" for slots in range(1, CANNED + 1))
    arguments = ("waits", "--with", contenders, "--jobs", str(jobs), "--rounds", str(rounds))
    return compare(out, *arguments, CANNED="1")
