"""Functions that compute, and whose best pool is known on two free cores, are compared for real.

    pytest tests/bench/test_constructed_jobs.py -m bench -n 0

Those of which a busy machine changes nothing are in tests/integration.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from producer.system.machine import cores
from tests.integration.test_constructed_jobs import GEVENT, PREFORK, THREADS, advice_on, chosen, why

pytestmark = [pytest.mark.bench, pytest.mark.skipif(cores() < 2, reason="one core: two processes are no use")]


def test_pure_python_wants_processes(tmp_path: Path) -> None:
    advice = advice_on("computes", tmp_path)
    assert chosen(advice) == PREFORK
    assert why(advice) == {THREADS: "GIL", GEVENT: "holds the loop"}


def test_c_that_releases_the_gil_is_ruled_out_nowhere_by_it(tmp_path: Path) -> None:
    advice = advice_on("hashes", tmp_path)
    assert chosen(advice) in (PREFORK, THREADS)
    assert why(advice)[GEVENT] == "holds the loop"
    assert "GIL" not in why(advice).values()


def test_c_that_keeps_the_gil_wants_processes(tmp_path: Path) -> None:
    advice = advice_on("multiplies", tmp_path)
    assert chosen(advice) == PREFORK
    assert why(advice) == {THREADS: "GIL", GEVENT: "holds the loop"}


def test_a_mix_wants_more_slots_than_there_are_cores(tmp_path: Path) -> None:
    advice = advice_on("mixes", tmp_path)
    assert chosen(advice) in (THREADS, GEVENT)
    assert why(advice)[PREFORK] == "too few slots"
