"""However a comparison ends, it leaves nothing in somebody's Redis, and what others have there as it was."""

from __future__ import annotations

import contextlib
import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis

from tests.helpers import SOON_S, await_line, content, end, family, redis_server, started, survivors

#: A worker that takes its time for a warm shutdown, and one that does not; each with jobs in hand.
CONTENDERS = {"reliable": "celery:gevent@4", "stock": "celery:threads@4"}
#: What stays for a while by intention: the reliable transport's registry, kombu's lock.
NO_EXPIRY = -1
PASSING = ("reliable:consumers", "reliable:suspects", "reliable:queues", "unacked_mutex")


@pytest.fixture
def somebodys(tmp_path: Path) -> Iterator[tuple[str, redis.Redis]]:
    """The address of a Redis that others use, too, and a client of it."""
    with redis_server(tmp_path) as url, contextlib.closing(redis.Redis.from_url(url)) as client:
        client.sadd("_kombu.binding.celery.pidbox", "\x06\x16\x06\x16celery@theirs.celery.pidbox")
        client.zadd("_kombu.binding_deadlines", {"celery.pidbox": 10.0**15})
        client.rpush("celery", "a message")
        client.hset("unacked", "tag", '[{}, "celery", "celery"]')
        client.zadd("unacked_index", {"tag": 10.0**15})
        client.xadd("simul:run:others", {"jobs": 1})
        yield url, client


def lasting(client: redis.Redis) -> dict[str, object]:
    """All that is there, but for what passes by itself."""
    return {
        key: value
        for key, value in content(client).items()
        if key not in PASSING or client.ttl(key) == NO_EXPIRY
    }


@pytest.mark.parametrize(
    ("number", "transport"),
    [
        *((None, transport) for transport in CONTENDERS),
        *((signal.SIGKILL, transport) for transport in CONTENDERS),
        (signal.SIGINT, "reliable"),
        (signal.SIGTERM, "stock"),
    ],
)
def test_nothing_is_left_in_somebodys_redis(
    somebodys: tuple[str, redis.Redis], tmp_path: Path, transport: str, number: signal.Signals | None
) -> None:
    url, client = somebodys
    before = lasting(client)
    command = [
        *("compare", "waits", "--with", CONTENDERS[transport], "--transport", transport, "--jobs", "30"),
        *("--rounds", "999" if number else "1", "--out", str(tmp_path / "a.json")),
    ]
    with started(*command, cwd=tmp_path, environment={"SIMUL_BROKER_URL": url}) as process:
        assert process.stderr is not None
        await_line(process.stderr, "round 2 of 999" if number else "round 1 of 1")
        everything = family(process.pid)
        try:
            if number == signal.SIGINT:
                os.killpg(process.pid, number)
            elif number:
                process.send_signal(number)
            process.communicate(timeout=2 * SOON_S)
            assert survivors(everything) == []
        finally:
            end(everything)
    assert lasting(client) == before


def test_the_arguments_of_calls_are_gone_with_a_lab_that_is_killed(tmp_path: Path) -> None:
    (tmp_path / "tmp").mkdir()
    (tmp_path / "shop.py").write_text("import time\ndef f(): time.sleep(0.02)\n")
    command = ["compare", "--job", "shop:f", "--with", "serial", "--rounds", "999", "--out", "a.json"]
    with started(*command, cwd=tmp_path, environment={"TMPDIR": str(tmp_path / "tmp")}) as process:
        assert process.stderr is not None
        await_line(process.stderr, "round 2 of 999")
        everything = family(process.pid)
        assert list((tmp_path / "tmp").glob("simul-calls-*"))
        try:
            process.kill()
            process.communicate(timeout=2 * SOON_S)
            assert survivors(everything) == []
        finally:
            end(everything)
    assert list((tmp_path / "tmp").iterdir()) == []
