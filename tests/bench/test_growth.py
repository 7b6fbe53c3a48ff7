"""What a job costs in comparisons of 1,000 to 100,000 jobs, and the memory of the lab. Asserts no speed.

pytest -m bench tests/bench/test_growth.py -s

GROWTH_JOBS="1000,10000" does without the last, which takes minutes; GROWTH_WITH names contenders, and
GROWTH_ROUNDS says how many rounds.
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
    eight = ",".join(f"threads@{slots}" for slots in range(1, 9))
    cpu, peak = [], []
    for jobs in JOBS:
        arguments = ("waits", "--with", eight, "--jobs", str(jobs), "--rounds")
        short, long = (
            compare(tmp_path / f"{jobs}-{rounds}.json.gz", *arguments, rounds, CANNED="1") for rounds in "15"
        )
        # The four rounds more: without the start, and without the making of the jobs.
        cpu.append(1e6 * (long["lab_cpu_s"] - short["lab_cpu_s"]) / (4 * 8 * jobs))
        peak.append(long["peak_bytes"] / 2**20)
    print(f"\nthe lab, with eight contenders that hand over records at once: five rounds of {HOW_MANY} jobs")
    tell("CPU for each record", cpu, "µs")
    tell("peak memory", peak, "MiB")
