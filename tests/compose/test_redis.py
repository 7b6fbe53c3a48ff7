"""Redis 8 as the broker of a comparison on this machine: with its password, and left as it was found."""

from __future__ import annotations

import contextlib
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis

from producer.results import load
from producer.system.client import connect
from tests.compose.stack import docker
from tests.helpers import free_port, simul, until

pytestmark = pytest.mark.compose


@pytest.fixture
def redis_8() -> Iterator[str]:
    """The address of a Redis 8 in a container, with a password."""
    port = free_port()
    name = docker(
        *("run", "-d", "--rm", "-p", f"127.0.0.1:{port}:6379", "redis:8"),
        *("redis-server", "--save", "", "--requirepass", "p@ss"),
    ).strip()
    try:
        url = f"redis://:p%40ss@127.0.0.1:{port}/0"
        until(lambda: _answers(url), "Redis answers")
        yield url
    finally:
        subprocess.run(["docker", "kill", name], capture_output=True, check=True)


def test_a_comparison_on_redis_8_leaves_nothing_in_it(redis_8: str, tmp_path: Path) -> None:
    contenders = ("--with", "celery:gevent@4,celery:prefork@2", "--jobs", "8", "--rounds", "1")
    said = simul("compare", "waits", *contenders, "--broker", redis_8, "--out", "a.json", cwd=tmp_path)
    assert said.code == 0, said.err
    result = load(tmp_path / "a.json")
    assert result.broker.startswith("redis 8.")
    assert "p%40ss" not in result.broker
    assert [run.problems for run in result.runs] == [[], []]
    with contextlib.closing(connect(redis_8)) as client:
        left = {key: client.ttl(key) for key in client.scan_iter()}
        assert left.keys() <= {b"reliable:queues", b"unacked_mutex"}
        assert all(ttl >= 0 for ttl in left.values()), left


def _answers(url: str) -> bool:
    with contextlib.suppress(redis.RedisError), contextlib.closing(connect(url)) as client:
        return bool(client.ping())
    return False
