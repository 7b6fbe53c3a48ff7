"""A Python without a GIL runs what it can, with Celery's threads, prefork and solo, and stays without one."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from producer.contenders.celery_workers.send import producer_app
from producer.contenders.celery_workers.spawned import SpawnedWorkers
from producer.contenders.designs.contender import DesignContender
from producer.contenders.spec import Spec
from producer.measure.started_contenders import Roster
from producer.results.reference import Reference
from producer.system.broker import Broker
from producer.system.environments import prepare
from producer.system.gil import Gil
from producer.system.pythons import Python
from producer.system.reaper import Reaper
from producer.workloads.calls import Calls
from tests.integration.conformance import TROUBLE, run
from worker.pools import POOLS
from worker.target import Target

pytestmark = [
    pytest.mark.untraced,
    pytest.mark.skipif(shutil.which("uv") is None, reason="uv is not installed"),
]

WAYS = ["threads", "asyncio", "celery:solo", "celery:threads", "celery:prefork"]
#: What asks a process for its GIL, from within a job.
IS_ON = "sys:_is_gil_enabled"


@pytest.fixture(scope="module")
def python(tmp_path_factory: pytest.TempPathFactory) -> Python:
    """The free-threaded Python that FREE_THREADED names, as `.ci/run` does, or that on PATH, made ready."""
    free = os.environ.get("FREE_THREADED") or shutil.which("python3.13t")
    if not free:
        pytest.skip("no free-threaded Python 3.13 on the PATH (python3.13t)")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SIMUL_CACHE", str(tmp_path_factory.mktemp("cache")))
        [python] = prepare([free], lambda _: None)
    return python


@pytest.fixture
def roster(broker: Broker, data_root: Path, reaper: Reaper) -> Iterator[Roster]:
    """Contenders that answer whether they have a GIL, when they are called, and do every other job."""
    variables = Target(IS_ON).environment()

    def make(spec: Spec) -> SpawnedWorkers | DesignContender:
        if spec.celery_pool is None:
            return DesignContender(spec, data_root, reaper, variables)
        return SpawnedWorkers(spec, broker, producer_app(broker.url), data_root, reaper, variables=variables)

    with Roster(make) as roster:
        yield roster


def test_what_has_no_build_is_left_out_with_the_reason_and_the_gil_stays_off(python: Python) -> None:
    assert (python.label, python.free_threaded_build) == ("3.13t", True)
    assert (python.gil["designs"], python.gil["celery"]) == (Gil(False, False), Gil(False, False))
    reasons = {name: Spec(f"celery:{name}", 2, python=python).unavailable() for name in POOLS}
    assert [name for name, reason in reasons.items() if reason is None] == ["solo", "prefork", "threads"]
    for name in ("gevent", "eventlet", "asyncio"):
        assert "has no build for this Python" in str(reasons[name])
    assert "check messages in Python" in python.missing["msgspec"]


@pytest.mark.parametrize("way", WAYS)
def test_jobs_are_done_without_a_gil_and_as_by_serial(
    python: Python, way: str, roster: Roster, trouble: Reference
) -> None:
    spec = Spec(way, 1 if way == "celery:solo" else 2, python=python)
    [record] = run(spec, roster, Calls(IS_ON, [b"[]"])).records
    assert record.answer is not None
    assert record.answer["text"] == "false"
    assert trouble.differing(run(spec, roster, tuple(TROUBLE)).records) == []
