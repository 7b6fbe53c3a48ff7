"""`simul worker` and `simul send`, together over one broker."""

from __future__ import annotations

import contextlib
import json
import os
import platform
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from producer.contenders.celery_workers.external import Fleet
from producer.contenders.celery_workers.send import producer_app
from producer.system.broker import Broker
from producer.system.client import connect
from tests.helpers import SOON_S, await_line, clean_environment, family, simul, started, survivors, until
from worker.settings import PROJECT


@pytest.mark.parametrize("pool", ["solo", "asyncio", "gevent"])
def test_a_worker_does_what_is_sent_to_its_pool(broker: Broker, tmp_path: Path, pool: str) -> None:
    slots = ("-c", "4") if pool == "solo" else ()
    with started("worker", "--pool", pool, *slots, "--broker", broker.url, cwd=tmp_path) as worker:
        assert worker.stderr is not None
        if pool == "solo":
            await_line(worker.stderr, "the pool solo has one slot, whatever --concurrency says")
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

        if pool != "gevent":  # Celery's loop under gevent looks up every two seconds
            everything = family(worker.pid)
            os.killpg(worker.pid, signal.SIGINT)
            worker.communicate(timeout=SOON_S)
            assert survivors(everything) == []


def test_a_worker_reserves_and_acknowledges_as_it_is_told(broker: Broker, tmp_path: Path) -> None:
    told = ("--pool", "threads", "-c", "3", "--prefetch", "2", "--acks", "early", "--broker", broker.url)
    with started("worker", *told, cwd=tmp_path) as worker:
        assert worker.stderr is not None
        await_line(worker.stderr, " ready.")
        inspect = producer_app(broker.url).control.inspect([f"threads-{worker.pid}@{platform.node()}"])
        until(inspect.ping, "it answers")
        [stats], [conf] = inspect.stats().values(), inspect.conf().values()
        assert stats["prefetch_count"] == 6
        assert conf["task_acks_late"] is False


def test_what_nobody_does_is_said_and_can_be_interrupted(broker: Broker, tmp_path: Path) -> None:
    queue = "simul.eventlet"
    with contextlib.closing(connect(broker.url)) as client:
        try:
            command = ("send", "waits", "--pool", "eventlet", "--jobs", "60", "--broker", broker.url)
            with started(*command, cwd=tmp_path) as sender:
                assert sender.stderr is not None
                said = await_line(sender.stderr, "no worker on simul.eventlet answers")
                assert "`simul worker --pool eventlet`" in said
                os.killpg(sender.pid, signal.SIGINT)
                out, err = sender.communicate(timeout=SOON_S)
            assert (sender.returncode, out) == (130, "")
            [line] = err.splitlines()
            assert line.startswith(f"Interrupted. What was sent and is not done yet stays in {queue}: ")
            assert client.llen(queue) == 60
        finally:
            client.delete(queue, f"_kombu.binding.{queue}", f"_kombu.binding_permanent.{queue}")


def test_a_worker_may_be_started_after_its_jobs_were_sent(broker: Broker, tmp_path: Path) -> None:
    command = ("--pool", "solo", "--broker", broker.url)
    with started("send", "waits", "--jobs", "5", *command, cwd=tmp_path) as sender:
        assert sender.stderr is not None
        await_line(sender.stderr, "no worker on simul.solo answers")
        with started("worker", *command, cwd=tmp_path):
            out, err = sender.communicate(timeout=SOON_S)
    assert sender.returncode == 0
    assert len(out.splitlines()) == 5
    assert err.splitlines()[-1] == "5 of 5 jobs done, 0 failed"


def test_two_workers_on_one_machine_are_two(broker: Broker, tmp_path: Path) -> None:
    command = ("worker", "--pool", "threads", "-c", "3", "--broker", broker.url)
    with started(*command, cwd=tmp_path) as first, started(*command, cwd=tmp_path) as second:
        for process in (first, second):
            assert process.stderr is not None
            await_line(process.stderr, " ready.")
        nodes = Fleet(producer_app(broker.url)).slots("simul.threads")
        assert nodes == {f"threads-{process.pid}@{platform.node()}": 3 for process in (first, second)}


@pytest.mark.parametrize(
    ("environment", "words"),
    [
        ({"SIMUL_BROKER_URL": "redis://:se/cret@host"}, "BrokerUnavailable: the broker's address has an @ "),
        (
            {"SIMUL_BROKER_URL": "redis://host?lease=2"},
            "BrokerUnavailable: the broker's address has ",
        ),
        ({"SIMUL_VISIBILITY_TIMEOUT": "soon"}, "Settings: SIMUL_VISIBILITY_TIMEOUT is a number of seconds"),
        ({"SIMUL_TRANSPORT": "pigeon"}, "Settings: SIMUL_TRANSPORT is one of reliable, stock, not 'pigeon'"),
        ({"SIMUL_ACKS": "never"}, "Settings: SIMUL_ACKS is one of late, early, not 'never'"),
    ],
    ids=["address", "option", "timeout", "transport", "acks"],
)
def test_plain_celery_is_told_of_wrong_settings_in_one_line(environment: dict[str, str], words: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "celery", "-A", "worker", "worker", "--pool=solo"],
        cwd=PROJECT,
        env=clean_environment(**environment),
        capture_output=True,
        text=True,
        timeout=SOON_S,
        check=False,
    )
    assert (done.returncode, done.stdout) == (1, "")
    [line] = done.stderr.splitlines()
    assert line.startswith(words)
    assert "cret" not in line


def test_a_worker_without_a_pool_it_knows_starts_nothing(tmp_path: Path) -> None:
    said = simul("worker", "--pool", "", cwd=tmp_path)
    assert (said.code, said.out) == (2, "")


def test_a_worker_that_would_obey_a_command_it_does_not_know_is_not_started(tmp_path: Path) -> None:
    said = simul("worker", "--remote-control", "shutdown,dance", cwd=tmp_path)
    assert said.code == 2
    [line] = said.err.splitlines()
    assert "no command that changes a worker is called 'dance'" in line
    assert "pool_grow" in line
