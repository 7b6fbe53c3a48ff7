"""What becomes of a job whose worker is killed in its midst: done again, and after how long, or never.

`uv run pytest -m bench -n 0 -s tests/bench/test_peer_deaths.py`, with the extra `peers`; docs/peers.md says
what it has shown. Each peer's worker is killed with all that it has started four seconds into a job of eight,
and started again at once; a further job comes every ten seconds. PEER_DEATHS_S is how long the job is waited
for, in seconds (900): ten minutes is one peer's own time-out.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from producer.contenders.collect import Collector
from producer.contenders.peers import PEERS
from producer.contenders.peers.modules import QUEUE, SLOTS
from producer.contenders.sender import Sender
from producer.system.broker import Broker
from producer.system.client import connect
from producer.system.inherited import inherited
from producer.system.reaper import Reaper
from tests.integration.conformance import START
from worker.jobs import ChessMove
from worker.settings import PROJECT

pytestmark = pytest.mark.bench

PATIENCE_S = float(os.environ.get("PEER_DEATHS_S", "900"))
SHORT, LONG = ChessMove(START, wait_ms=0), ChessMove(START, wait_ms=8000)
#: How long the long job has been under way when its worker is killed, in seconds.
BEGUN_S = 4.0
#: How often a further job comes, in seconds.
EVERY_S = 10.0


@pytest.mark.parametrize("name", PEERS)
def test_a_job_whose_worker_is_killed(name: str, broker: Broker, reaper: Reaper, tmp_path: Path) -> None:
    if why := PEERS[name].unavailable():
        pytest.skip(why)
    queue = f"simul-{name}-death-{os.getpid()}"
    environment = {**inherited(), "SIMUL_BROKER_URL": broker.url, QUEUE: queue, SLOTS: "4"}

    def start() -> subprocess.Popen[bytes]:
        with (tmp_path / "log").open("ab") as log:
            command = [sys.executable, *PEERS[name].arguments(4)]
            return reaper.start(command, env=environment, cwd=PROJECT, stdout=log, stderr=log)

    sender, worker = Sender(PEERS[name].package, broker.url, queue, reaper), start()
    try:
        with contextlib.closing(connect(broker.url)) as client, Collector(client, 2) as collector:
            list(sender.publish([SHORT, LONG], collector.run))
            while not collector.records:  # the worker is there, and has begun with the other
                collector.read(500)
            time.sleep(BEGUN_S)
            _kill(worker, reaper)
            killed_s, worker = time.monotonic(), start()
            while not collector.complete() and time.monotonic() - killed_s < PATIENCE_S:
                list(sender.publish([SHORT], collector.run))  # some look for lost jobs when another comes
                next_s = time.monotonic() + EVERY_S
                while not collector.complete() and time.monotonic() < next_s:
                    collector.read(500)
            after_s = time.monotonic() - killed_s
            became = (
                f"done again after {after_s:.0f} s" if collector.complete() else f"not in {after_s:.0f} s"
            )
            print(f"\n{name} ({PEERS[name].acks}): {became}")
    finally:
        sender.stop()
        _kill(worker, reaper)


def _kill(worker: subprocess.Popen[bytes], reaper: Reaper) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(worker.pid, signal.SIGKILL)
    worker.wait()
    reaper.drop_process(worker.pid)
