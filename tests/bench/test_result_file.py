"""A million records: how large the file is, and how long it takes to save and to load."""

from __future__ import annotations

import random
import time
from pathlib import Path

import pytest

from producer.contender_name import ContenderName
from producer.contenders.protocol import Outcome
from producer.results import ResultFile, load, run_from
from producer.stats.summary import summaries
from tests.made import a_result
from worker.records import JobRecord

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
        records.append(JobRecord(index, worker, enqueued, received, started, finished, {"count": 1}))
    rng.shuffle(records)
    return Outcome(records, slots=8)


@pytest.mark.bench
def test_a_million_records(tmp_path: Path) -> None:
    result = a_result({"celery:prefork@8": []}, jobs=JOBS)
    path = tmp_path / "million.json.gz"
    runs = [
        run_from(
            "waits",
            ContenderName("celery:prefork", 8),
            number,
            0.0,
            outcome(number),
            jobs=JOBS,
            wrong=0,
            used=None,
            broker_cpu_s=None,
        )
        for number in range(1, RUNS + 1)
    ]
    began = time.perf_counter()
    file = ResultFile(path)
    for run in runs:
        file.add(run)
        file.save(result)
    saved = time.perf_counter()
    loaded = load(path)
    read = time.perf_counter()
    summaries(loaded, loaded.workloads[0])
    derived = time.perf_counter()
    assert sum(len(run.records.index) for run in loaded.runs) == RUNS * JOBS
    megabytes = path.stat().st_size / 1e6
    print(
        f"\n{RUNS * JOBS:,} records: {megabytes:.1f} MB, saved in {saved - began:.1f} s, "
        f"loaded in {read - saved:.1f} s, statistics in {derived - read:.1f} s"
    )
    assert megabytes < 30
