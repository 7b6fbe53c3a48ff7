"""Signals that come at odd moments end a worker, or start it anew, without a traceback."""

from __future__ import annotations

import signal
import sys
from pathlib import Path

import pytest

from producer.system.broker import Broker
from tests.helpers import SOON_S, await_line, ready_worker, running, started
from worker.pools import POOLS
from worker.settings import PROJECT

pytestmark = pytest.mark.untraced

WORKER = ("-A", "worker", "worker", "--pool=solo", "-Q", "simul.signals", "-l", "INFO")


@pytest.mark.parametrize("pool", POOLS)
def test_a_worker_without_a_terminal_is_started_anew_by_sighup(
    broker: Broker, tmp_path: Path, pool: str
) -> None:
    if why := POOLS[pool].unavailable():
        pytest.skip(why)
    with started("worker", "--pool", pool, "-c", "2", "--broker", broker.url, cwd=tmp_path) as worker:
        assert worker.stderr is not None
        await_line(worker.stderr, " ready.")
        worker.send_signal(signal.SIGHUP)
        await_line(worker.stderr, " ready.")
        worker.terminate()
        _, err = worker.communicate(timeout=SOON_S)
        assert worker.returncode == 0, err


@pytest.mark.parametrize("module", ["celery", "celery.utils.log"])
def test_a_worker_that_is_interrupted_while_it_starts_says_nothing(broker: Broker, module: str) -> None:
    # Python says when a module is imported, and then the next ones are.
    command = [sys.executable, "-X", "importtime", "-m", "worker", *WORKER]
    with running(command, PROJECT, {"SIMUL_BROKER_URL": broker.url}) as worker:
        assert worker.stderr is not None
        await_line(worker.stderr, f" {module}\n")
        worker.send_signal(signal.SIGINT)
        out, err = worker.communicate(timeout=SOON_S)
    assert (worker.returncode, out) == (-signal.SIGINT, "")
    assert "Traceback" not in err


@pytest.mark.parametrize("pool", ["solo", "gevent"])
def test_a_worker_that_is_run_as_a_module_is_celery_s(broker: Broker, pool: str) -> None:
    command = [sys.executable, "-m", "worker", *WORKER, "-P", pool]
    with ready_worker(command, PROJECT, {"SIMUL_BROKER_URL": broker.url}):
        pass
