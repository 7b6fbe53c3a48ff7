"""Every peer, in a worker that its own command starts, gives the answers of serial, and leaves nothing."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from producer.contenders.peers import PEERS
from producer.contenders.peers.contender import PeerContender
from producer.contenders.spec import Spec
from producer.system.broker import Broker
from producer.system.client import connect
from producer.system.reaper import Reaper
from tests.helpers import survivors
from tests.integration.conformance import START, Conformance, runnable, specs
from worker.errors import ContenderError
from worker.jobs import ChessMove, Job
from worker.settings import PROJECT

pytestmark = pytest.mark.untraced


@pytest.fixture(scope="module", params=specs(PEERS), ids=lambda spec: spec.name)
def spec(request: pytest.FixtureRequest) -> Spec:
    """A contender of each peer that is installed."""
    return runnable(request.param)


class TestPeers(Conformance):
    """All that every contender must do alike."""


def test_a_peer_leaves_nothing_in_a_broker_of_yours(
    spec: Spec, broker: Broker, data_root: Path, reaper: Reaper
) -> None:
    yours = replace(broker, url=broker.url.removesuffix("/0") + "/5", embedded=False)
    with contextlib.closing(connect(yours.url)) as client:
        client.set("yours", "stays")
        contender = PeerContender(spec, yours, data_root, reaper)
        try:
            contender.start()
            assert contender.run([ChessMove(START, wait_ms=0)] * 20, lambda _: None).problems == []
        finally:
            contender.stop()
        # rq has a lock of its own for all queues, which expires.
        assert [key for key in client.scan_iter() if client.ttl(key) < 0] == [b"yours"]
        client.flushdb()


def test_a_worker_that_dies_spoils_its_run_and_is_started_anew(
    spec: Spec, broker: Broker, data_root: Path, reaper: Reaper
) -> None:
    contender = PeerContender(spec, broker, data_root, reaper)
    try:
        contender.start()
        [root] = contender.processes()
        tree = [psutil.Process(root), *psutil.Process(root).children(recursive=True)]
        jobs: list[Job] = [ChessMove(START, wait_ms=20)] * 200
        outcome = contender.run(jobs, _once(lambda: os.killpg(root, signal.SIGKILL)))
        assert outcome.problems[0].startswith("its worker was ended by SIGKILL")
        assert "jobs are lost" in outcome.problems[1]
        assert not contender.alive()
        assert survivors(tree, 10.0) == []
        contender.start()
        assert contender.run(jobs[:5], lambda _: None).problems == []
    finally:
        contender.stop()


def test_a_peer_that_does_not_start_says_why(broker: Broker, data_root: Path, reaper: Reaper) -> None:
    nowhere = replace(broker, url="redis://127.0.0.1:1/0")
    contender = PeerContender(runnable(Spec("huey", 4)), nowhere, data_root, reaper)
    with pytest.raises(ContenderError, match="huey@4 did not start"):
        contender.start()
    assert contender.processes() == []


def test_its_worker_loads_no_celery(spec: Spec) -> None:
    script = (
        f"import sys, {PEERS[spec.way].package}\n"
        "print([name for name in ('celery', 'kombu') if name in sys.modules])"
    )
    environment = {**os.environ, "SIMUL_BROKER_URL": "redis://127.0.0.1:1/0", "SIMUL_PEER_QUEUE": "q"}
    done = subprocess.run(
        [sys.executable, "-c", script],
        cwd=PROJECT,
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == "[]"


def _once(do: Callable[[], None]) -> Callable[[int], None]:
    done: list[int] = []

    def first(count: int) -> None:
        if count and not done:
            done.append(count)
            do()

    return first
