"""A million records: how large the file is, and what it takes to save, to load and to show it.

pytest -m bench tests/bench/test_result_file.py -s
"""

from __future__ import annotations

import json
import random
import subprocess
import sys
import time
from pathlib import Path

import pytest

from producer.contender_name import ContenderName
from producer.contenders.protocol import Outcome
from producer.results import ResultFile, load, run_from
from producer.stats.summary import summaries
from tests.made import a_result
from worker.records import JobRecord
from worker.settings import PROJECT

RUNS, JOBS = 10, 100_000


def outcome(seed: int) -> Outcome:
    """As a busy pool of eight processes leaves it: jittery gaps, waits and services, in microseconds."""
    rng = random.Random(seed)
    records = []
    enqueued = 0
    for index in range(JOBS):
        enqueued += int(rng.lognormvariate(5, 0.5) * 1000)
        received = enqueued + int(rng.lognormvariate(8, 1) * 1000)
        started = received + int(rng.lognormvariate(6, 1) * 1000)
        finished = started + int(rng.lognormvariate(6, 0.5) * 1000)
        worker = f"host/{rng.randrange(8)}"
        times = enqueued, received, started, finished
        cpu_ns = int((finished - started) * rng.uniform(0.3, 1))
        records.append(JobRecord(index, worker, *times, {"count": 1}, cpu_ns=cpu_ns))
    rng.shuffle(records)
    return Outcome(records, slots=8)


@pytest.mark.bench
def test_a_million_records(tmp_path: Path) -> None:
    result = a_result({"celery:prefork@8": []}, jobs=JOBS)
    path = tmp_path / "million.json.gz"
    file = ResultFile(path)
    saves_s, written = [], []
    for number in range(1, RUNS + 1):
        run = run_from(
            "waits",
            ContenderName("celery:prefork", 8),
            number,
            0.0,
            outcome(number),
            jobs=JOBS,
            used=None,
            broker_cpu_s=None,
        )
        began, before = time.process_time(), written_bytes()
        result.runs.append(run)
        file.add(run)
        file.save(result)
        saves_s.append(time.process_time() - began)
        written.append(written_bytes() - before)
    began = time.perf_counter()
    loaded = load(path)
    read = time.perf_counter()
    summaries(loaded, loaded.workloads[0])
    derived = time.perf_counter()
    assert sum(len(run.records.index) for run in loaded.runs) == RUNS * JOBS
    megabytes = path.stat().st_size / 1e6
    early, late = min(saves_s[1:4]), min(saves_s[-3:])
    print(
        f"\n{RUNS * JOBS:,} records: {megabytes:.1f} MB, loaded in {read - began:.1f} s, "
        f"statistics in {derived - read:.1f} s\n"
        f"CPU of a save (least of three): the last {late:.2f} s, after the first {early:.2f} s, ratio "
        f"{late / early:.2f}; bytes written: {written[-1]:,}, {written[1]:,}, {written[-1] / written[1]:.2f}"
    )
    for command in (("show",), ("report", "-o", str(tmp_path / "report.html"))):
        print(f"simul {command[0]}: at most {peak_mib(*command, str(path)):.0f} MiB of memory")
    assert megabytes < 30


def written_bytes() -> int:
    """The bytes that this process has written so far."""
    lines = Path("/proc/self/io").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("wchar"))


def peak_mib(*arguments: str) -> float:
    """The most memory that the command has had, in MiB; its last argument is the result."""
    command = [sys.executable, "-m", "tests.bench.growing_lab", *arguments]
    subprocess.run(command, cwd=PROJECT, stdout=subprocess.DEVNULL, check=True)
    taken: dict[str, float] = json.loads(Path(arguments[-1]).with_suffix(".taken").read_text())
    return taken["peak_bytes"] / 2**20
