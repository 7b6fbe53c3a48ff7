"""How long `simul class` takes of a hundred files of half a megabyte."""

from __future__ import annotations

import gzip
import random
import time
from pathlib import Path

import pytest

from producer.results import Records, Result
from tests.helpers import simul
from tests.made import reference, result, run, saved, started, workload

pytestmark = pytest.mark.bench

FILES, BYTES = 100, 500_000
#: What the issue asks for, in seconds.
MOST_S = 10.0
CONTENDERS = ("serial", "threads@32", "asyncio@32", "processes@2", "celery:threads@2", "celery:threads@32")
JOBS, ROUNDS = 1700, 5


def large() -> Result:
    """A comparison of six contenders, whose records scatter as real ones do."""
    chance = random.Random(1)

    def times(low: int, high: int) -> list[int]:
        return [chance.randint(low, high) for _ in range(JOBS)]

    runs = [
        run(
            contender,
            jobs=JOBS,
            round=round_,
            records=Records(
                index=list(range(JOBS)),
                worker=[0] * JOBS,
                enqueued_us=times(0, 60),
                received_us=times(100, 4000),
                started_us=times(0, 9000),
                finished_us=times(20_000, 29_000),
            ),
        )
        for contender in CONTENDERS
        for round_ in range(1, ROUNDS + 1)
    ]
    alone = reference([each / 1e6 for each in times(10_000, 30_000)], [0.001] * JOBS, 1.7)
    return result(runs, [workload(JOBS, contenders=started(CONTENDERS), reference=alone)], rounds=ROUNDS)


def test_a_hundred_files_take_less_than_ten_seconds(tmp_path: Path) -> None:
    data = saved(tmp_path / "one.json.gz", large()).read_bytes()
    assert len(data) > BYTES
    # Each is another result, made in another year: what stands before that is packed anew, the rest once.
    before, year, after = gzip.decompress(data).partition(b"2026")
    assert year
    packed = gzip.compress(after)
    for place in range(FILES):
        made = gzip.compress(before + str(2026 + place).encode())
        (tmp_path / f"{place:03}.json.gz").write_bytes(made + packed)
    names = [f"{place:03}.json.gz" for place in range(FILES)]
    began = time.perf_counter()
    said = simul("class", *names, cwd=tmp_path)
    took_s = time.perf_counter() - began

    assert (said.code, said.out) == (0, "")
    assert "left out" not in said.err
    assert f"A class: {FILES} results" in (tmp_path / "class.html").read_text()
    print(f"\n{FILES} files of {len(data) / 1e6:.2f} MB: {took_s:.1f} s")
    assert took_s < MOST_S
