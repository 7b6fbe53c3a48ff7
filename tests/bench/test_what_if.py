"""How good the page's estimates are: what ten times the jobs take, beside what a small comparison foretold.

    pytest tests/bench/test_what_if.py -m bench -s

Measures each workload with its own jobs, then with ten times as many, and prints for each contender the
estimate, what was measured, and the ratio. WHAT_IF_ROUNDS (5) and WHAT_IF_WORKLOADS choose how much to run.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from producer.results import Result, load
from producer.show.charts.entries import Field, derive_fields
from producer.show.teaching.what_if import MORE, ask_what_if
from producer.workloads import WORKLOADS

pytestmark = pytest.mark.bench

ROUNDS = os.environ.get("WHAT_IF_ROUNDS", "5")
NAMES = os.environ.get("WHAT_IF_WORKLOADS", "waits,search,files").split(",")


@pytest.mark.parametrize("name", NAMES)
def test_ten_times_the_jobs_take_about_what_a_small_comparison_foretells(name: str, tmp_path: Path) -> None:
    small, large = (_compare(name, times * WORKLOADS[name].jobs, tmp_path) for times in (1, MORE))
    asked = ask_what_if(*small)
    assert asked
    [jobs] = (case for case in asked.cases if case.title.endswith("the jobs"))
    measured = {entry.name: entry.summary.makespan_s for entry in large[1].entries}
    print(f"\n{name}: {'contender':22} {'estimated, s':>12} {'measured, s':>12} {'ratio':>6}")
    for estimate in jobs.estimates:
        took_s = measured[estimate.entry.name]
        assert took_s, f"{estimate.entry.name} has no valid run with {MORE} times the jobs"
        ratio = estimate.after_s / took_s
        print(f"{name}: {estimate.entry.name!s:22} {estimate.after_s:12.3f} {took_s:12.3f} {ratio:6.2f}")


def _compare(name: str, jobs: int, directory: Path) -> tuple[Result, Field]:
    out = directory / f"{name}-{jobs}.json.gz"
    command = [
        sys.executable,
        "-c",
        "from producer.cli import main; main()",
        "compare",
        name,
        "--jobs",
        str(jobs),
    ]
    options = ("--rounds", ROUNDS, "--out", str(out), "--quiet")
    subprocess.run([*command, *options], check=True, capture_output=True)
    result = load(out)
    return result, derive_fields(result)[0]
