"""`simul worker` and `simul send`, together over one broker."""

from __future__ import annotations

import contextlib
import json
import os
import signal
from pathlib import Path

import pytest

from producer.broker import Broker, connect
from tests.helpers import SOON_S, await_line, family, simul, started, survivors


@pytest.mark.parametrize("pool", ["solo", "gevent"])
def test_a_worker_does_what_is_sent_to_its_pool(broker: Broker, tmp_path: Path, pool: str) -> None:
    with started("worker", "--pool", pool, "--broker", broker.url, cwd=tmp_path) as worker:
        assert worker.stderr is not None
        await_line(worker.stderr, " ready.")
        said = simul("send", "mixed", "--pool", pool, "--jobs", "10", "--broker", broker.url, cwd=tmp_path)
        assert said.code == 0, said.err
        lines = said.out.splitlines()
        assert [int(line.split()[0]) for line in lines] == list(range(10))
        assert any("test001.txt correct" in line for line in lines)
        assert said.err.splitlines()[-1] == "10 of 10 jobs done, 0 failed"

        as_json = simul(
            *("send", "waits", "--jobs", "2", "--json"),
            cwd=tmp_path,
            environment={"SIMUL_POOL": pool, "SIMUL_BROKER_URL": broker.url},
        )
        records = [json.loads(line) for line in as_json.out.splitlines()]
        assert [record["index"] for record in records] == [0, 1]
        assert all(record["answer"]["move"] for record in records)

        everything = family(worker.pid)
        os.killpg(worker.pid, signal.SIGINT)
        worker.communicate(timeout=SOON_S)
        assert survivors(everything) == []


def test_what_nobody_does_can_be_interrupted(broker: Broker, tmp_path: Path) -> None:
    queue = "simul.eventlet"
    with contextlib.closing(connect(broker.url)) as client:
        try:
            with started(
                "send", "waits", "--pool", "eventlet", "--broker", broker.url, cwd=tmp_path
            ) as sender:
                with pytest.raises(Exception, match="timed out"):
                    sender.communicate(timeout=1)
                while client.llen(queue) < 60:
                    assert sender.poll() is None
                os.killpg(sender.pid, signal.SIGINT)
                _, err = sender.communicate(timeout=SOON_S)
            assert sender.returncode == 130
            assert "Traceback" not in err
        finally:
            client.delete(queue, f"_kombu.binding.{queue}")


def test_a_worker_without_a_pool_it_knows_starts_nothing(tmp_path: Path) -> None:
    said = simul("worker", "--pool", "", cwd=tmp_path)
    assert (said.code, said.out) == (2, "")
