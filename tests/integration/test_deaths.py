"""What dies while it starts says at once how it ended, and what its last words were."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from producer.contenders.celery_workers.send import producer_app
from producer.contenders.celery_workers.spawned import SpawnedWorkers
from producer.contenders.designs.contender import READY_S, DesignContender
from producer.contenders.protocol import Contender
from producer.contenders.spec import Spec
from producer.system.broker import Broker
from producer.system.pythons import Python
from producer.system.reaper import Reaper
from tests.helpers import SOON_S, free_port, until
from worker.errors import ContenderError

pytestmark = pytest.mark.untraced


def broken(directory: Path, script: str) -> Python:
    """A Python that cannot do what it should."""
    python = directory / "python"
    python.write_text(f"#!/bin/sh\n{script}\n")
    python.chmod(0o755)
    return Python("3.x", str(python), "CPython 3.x", (3, 11), False, {}, {})


@pytest.mark.parametrize(
    ("script", "told"),
    [
        (
            "echo once; echo more than; printf 'three\\n\\nlines\\n'; exit 3",
            "its process ended with exit code 3: more than / three / lines",
        ),
        ("kill -SEGV $$", "its process was ended by SIGSEGV: it said nothing"),
    ],
    ids=["exits", "crashes"],
)
def test_a_design_whose_process_ends_at_once_says_how(
    tmp_path: Path, reaper: Reaper, script: str, told: str
) -> None:
    spec = Spec("threads", 2, python=broken(tmp_path, f"exec >&2; {script}"))
    design = DesignContender(spec, tmp_path, reaper)
    began = time.monotonic()
    with pytest.raises(ContenderError) as error:
        design.start()
    assert str(error.value) == f"threads@2 [3.x] did not start: {told}"
    assert time.monotonic() - began < READY_S
    assert not design.alive()


def test_a_worker_that_ends_at_once_says_how(tmp_path: Path, reaper: Reaper, broker: Broker) -> None:
    spec = Spec("celery:solo", 1, python=broken(tmp_path, "echo no such thing; exit 4"))
    worker = SpawnedWorkers(spec, broker, producer_app(broker.url), tmp_path, reaper)
    with pytest.raises(ContenderError) as error:
        worker.start()
    assert (
        str(error.value)
        == "celery:solo [3.x] did not start: its worker ended with exit code 4: no such thing"
    )
    assert not worker.alive()


@pytest.mark.parametrize("way", ["threads", "celery:solo"])
def test_a_start_that_is_broken_off_fails_at_once(
    tmp_path: Path, reaper: Reaper, broker: Broker, way: str
) -> None:
    spec = Spec(way, 1, python=broken(tmp_path, "exec sleep 600"))
    contender: Contender = DesignContender(spec, tmp_path, reaper)
    if spec.celery_pool:
        contender = SpawnedWorkers(spec, broker, producer_app(broker.url), tmp_path, reaper)
    contender.break_off()  # nothing has begun: nothing happens
    with ThreadPoolExecutor(1) as thread:
        start = thread.submit(contender.start)
        until(contender.processes, "its process runs")
        contender.break_off()
        with pytest.raises(ContenderError, match=r"did not start: its (process|worker) was ended by SIGKILL"):
            start.result(SOON_S)
    assert (contender.alive(), contender.processes()) == (False, [])


def test_a_worker_whose_broker_has_gone_is_not_waited_for(tmp_path: Path, reaper: Reaper) -> None:
    gone = Broker(f"redis://127.0.0.1:{free_port()}/0", embedded=True, version="valkey 9.1.2")
    spec = Spec("celery:solo", 1, python=broken(tmp_path, "exec sleep 600"))
    worker = SpawnedWorkers(spec, gone, producer_app(gone.url), tmp_path, reaper)
    with pytest.raises(
        ContenderError, match=r"^celery:solo \[3.x\] did not start: nothing answers at redis://"
    ):
        worker.start()
    assert not worker.alive()
