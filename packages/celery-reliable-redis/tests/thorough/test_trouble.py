"""A server that is there and cannot serve for a while: the worker waits, says so once, and goes on."""

from __future__ import annotations

import base64
import contextlib
import itertools
import json
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import redis
from kombu import Connection
from kombu.pidbox import Mailbox

from celery_reliable_redis.servers import CannotServeError
from transport_consuming import consuming, publish, receive
from transport_lab import Lab, Server, laboratory, running_server, until
from transport_servers import binary_of

#: A port on which no master answers.
NOBODY = 1


@contextlib.contextmanager
def replica(server: Server, stale: str = "yes") -> Iterator[None]:
    """Somebody has made it a replica: of itself it says READONLY, or MASTERDOWN."""
    with server.client() as client:
        client.config_set("replica-serve-stale-data", stale)
        client.replicaof("127.0.0.1", NOBODY)
        try:
            yield
        finally:
            client.replicaof("NO", "ONE")


@contextlib.contextmanager
def disk_full(server: Server) -> Iterator[None]:
    """It cannot save, and takes no write until it can: MISCONF."""
    target = server.directory / "dump.rdb"
    target.unlink(missing_ok=True)
    target.mkdir()
    with server.client() as client:

        def save(outcome: str) -> bool:
            with contextlib.suppress(redis.ResponseError):  # it is still at the last one
                client.bgsave()
            return bool(client.info("persistence")["rdb_last_bgsave_status"] == outcome)

        client.config_set("save", "3600 1000000")
        until(lambda: save("err"), "a save that fails")
        try:
            yield
        finally:
            target.rmdir()
            until(lambda: save("ok"), "a save that succeeds")


@contextlib.contextmanager
def alone(server: Server) -> Iterator[None]:
    """It wants replicas and has none: NOREPLICAS."""
    with server.client() as client:
        client.config_set("min-replicas-to-write", 1)
        try:
            yield
        finally:
            client.config_set("min-replicas-to-write", 0)


@contextlib.contextmanager
def busy(server: Server) -> Iterator[None]:
    """Somebody's script does not end: BUSY."""

    def endless() -> None:
        with server.client() as client, contextlib.suppress(redis.ResponseError, redis.TimeoutError):
            client.connection_pool.connection_kwargs["socket_timeout"] = None
            client.eval("while true do end", 0)

    with server.client() as client:
        client.config_set("lua-time-limit", 50)
        script = threading.Thread(target=endless)
        script.start()

        def is_busy() -> bool:
            try:
                client.ping()
            except redis.ResponseError:
                return True
            return False

        until(is_busy, "a busy server")
        try:
            yield
        finally:
            client.script_kill()
            script.join()


TROUBLES: dict[str, Callable[[Server], contextlib.AbstractContextManager[None]]] = {
    "READONLY": replica,
    "MASTERDOWN": lambda server: replica(server, stale="no"),
    "MISCONF": disk_full,
    "NOREPLICAS": alone,
    "BUSY": busy,
}
SAID = "The broker cannot serve now"
REVOKED = "Tasks flagged as revoked"


@pytest.fixture(params=["valkey", "redis", "redis-6.2"])
def own_lab(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Lab]:
    with running_server(binary_of(request.param), tmp_path) as server, laboratory(server, tmp_path) as made:
        yield made


#: What a server says is its own affair, what a pool does with it is the pool's.
SOLO, THREADS, GEVENT = ("valkey", "solo"), ("valkey", "threads"), ("valkey", "gevent")
OTHERS = ("redis", "gevent"), ("redis-6.2", "solo")


@pytest.mark.parametrize("trouble", TROUBLES)
@pytest.mark.parametrize(("own_lab", "pool"), [SOLO, THREADS, GEVENT, *OTHERS], indirect=["own_lab"])
def test_a_worker_waits_for_a_server_that_cannot_serve(own_lab: Lab, pool: str, trouble: str) -> None:
    lab = own_lab
    records = Server(binary_of("valkey"), lab.directory / "records")
    records.directory.mkdir()
    records.start()  # the jobs' own server has no trouble
    try:
        lab.records_server(records)
        worker = lab.worker(pool)
        lab.ready(worker)
        lab.send("hold", range(1))
        until(lambda: lab.noted("started")[0] == 1, "a job has started")
        # A busy server does not even answer a BLMOVE: there is nothing to say.
        silent = trouble == "BUSY"
        with TROUBLES[trouble](lab.server):
            if pool != "solo" and not silent:  # solo is at its job
                until(lambda: SAID in worker.log.read_text(), "the worker says so")
            lab.records.set("release", 1)
            until(lambda: lab.noted("done")[0] == 1, "the job ends meanwhile")
            if not silent:
                until(lambda: SAID in worker.log.read_text(), "the worker says so")
                assert any(code in worker.log.read_text() for code in (trouble, "READONLY", "UNBLOCKED"))
        lab.send("work", range(1, 20))
        lab.all_done()
        assert lab.noted("started") == dict.fromkeys(range(20), 1)
        assert worker.shut_down() == 0
        log = worker.log.read_text()
        assert log.count(SAID) == 1 or silent, log
        assert not any(word in log for word in ("ERROR", "CRITICAL", "lost")), log
        # kombu's own, once in 20 minutes: it warns with one, and goes on.
        assert log.count("Traceback") == log.count("maybe_refresh_binding_expiry: Redis error"), log
    finally:
        lab.close()
        records.stop()


@pytest.mark.parametrize("trouble", ["READONLY", "MASTERDOWN", "BUSY"])
def test_who_begins_to_listen_then_hears_later(own_lab: Lab, trouble: str) -> None:
    """As a worker's greenlet for remote control does, which Celery does not start again when it fails."""
    lab = own_lab
    heard: list[int] = []
    mailbox = Mailbox("control", type="fanout")
    with lab.connection() as connection, connection.channel() as channel:
        node = mailbox.Node("me", channel=channel, handlers={"note": lambda _, number: heard.append(number)})
        with TROUBLES[trouble](lab.server) if trouble != "BUSY" else contextlib.nullcontext():
            node.listen()
        with TROUBLES[trouble](lab.server):
            for _ in range(6):  # longer than two pauses
                with contextlib.suppress(TimeoutError):
                    connection.drain_events(timeout=0.5)
        hear(lab, connection, heard)


def hear(lab: Lab, connection: Connection, heard: list[int]) -> None:
    """Speak until it is heard: what is said before one listens, nobody hears."""
    heard.clear()
    for number in itertools.count():
        with lab.connection() as another:
            Mailbox("control", type="fanout")(another)._broadcast("note", {"number": number})
        with contextlib.suppress(TimeoutError):
            connection.drain_events(timeout=0.5)
        if heard:
            break
        assert number < 100


def test_who_loses_the_connection_by_which_it_listens_hears_later(
    own_lab: Lab, caplog: pytest.LogCaptureFixture
) -> None:
    """That one alone, which a server closes for who is slow. The greenlet for remote control does not end."""
    heard: list[int] = []
    mailbox = Mailbox("control", type="fanout")
    caplog.set_level("INFO", "celery_reliable_redis")
    with own_lab.connection() as connection, connection.channel() as channel:
        node = mailbox.Node("me", channel=channel, handlers={"note": lambda _, number: heard.append(number)})
        node.listen()
        hear(own_lab, connection, heard)
        for time in (1, 2):
            assert own_lab.broker_client.client_kill_filter(_type="pubsub") == 1
            hear(own_lab, connection, heard)
            assert [caplog.text.count(said) for said in (SAID, "serves again")] == [time, time]


def test_who_listens_waits_for_a_server_that_is_full(own_lab: Lab) -> None:
    heard: list[int] = []
    mailbox = Mailbox("control", type="fanout")
    client: Any = own_lab.broker_client
    with own_lab.connection() as connection, connection.channel() as channel:
        node = mailbox.Node("me", channel=channel, handlers={"note": lambda _, number: heard.append(number)})
        node.listen()
        hear(own_lab, connection, heard)
        client.config_set("maxclients", client.info("clients")["connected_clients"] - 1)
        assert client.client_kill_filter(_type="pubsub") == 1
        for _ in range(6):  # longer than two pauses
            with contextlib.suppress(TimeoutError):
                connection.drain_events(timeout=0.5)
        client.config_set("maxclients", 1000)
        hear(own_lab, connection, heard)


def test_what_who_hears_cannot_do_is_not_taken_for_a_lost_connection(own_lab: Lab) -> None:
    def refuse(*_: Any) -> None:
        raise CannotServeError("its own trouble")

    with own_lab.connection() as connection, connection.channel() as channel:
        node = Mailbox("control", type="fanout").Node("me", channel=channel)
        node.listen(callback=refuse)
        with pytest.raises(CannotServeError, match="its own trouble"):
            hear(own_lab, connection, [])


def test_a_server_that_takes_no_connection_is_waited_for(own_lab: Lab) -> None:
    lab = own_lab
    with consuming(lab) as (connection, got):
        with busy(lab.server):
            for _ in range(6):  # longer than two pauses
                with contextlib.suppress(TimeoutError):
                    connection.drain_events(timeout=0.5)
        publish(lab, range(1))
        receive(connection, got, 1)[0].ack()
    assert not lab.queued()


@pytest.mark.parametrize("pool", ["solo", "gevent"])
def test_no_worker_asks_again_and_again(restartable: Lab, pool: str) -> None:
    lab = restartable
    worker = lab.worker(pool)
    lab.ready(worker)
    with replica(lab.server), lab.server.client() as client:

        def refused() -> int:
            stats: Any = client.info("errorstats")
            return int(stats.get("errorstat_READONLY", {"count": 0})["count"])

        until(lambda: SAID in worker.log.read_text(), "the worker says so")
        first, begin = refused(), client.time()[0]
        until(lambda: client.time()[0] - begin >= 3, "some seconds")
        seconds = client.time()[0] - begin
        assert refused() - first <= 20 * seconds  # a few a second: it, and its heartbeat
    lab.send("work", range(5))
    lab.all_done()


def asks_for(method: str, message: dict[str, Any]) -> bool:
    """Whether somebody has asked all workers for it."""
    if message["type"] != "pmessage" or b"pidbox" not in message["channel"]:
        return False
    body = json.loads(base64.b64decode(json.loads(message["data"])["body"]))
    return bool(body["method"] == method)


@pytest.mark.parametrize(("own_lab", "pool"), [THREADS, GEVENT, *OTHERS], indirect=["own_lab"])
@pytest.mark.parametrize("trouble", ["READONLY", "MISCONF"])
def test_an_answer_that_the_server_does_not_take_ends_no_worker(
    own_lab: Lab, pool: str, trouble: str
) -> None:
    """What somebody has asked the worker is answered on the broker."""
    lab = own_lab
    with lab.server.client(3) as client, client.pubsub() as heard:
        heard.psubscribe("*")
        worker = lab.worker(pool, "-E", alone=False)
        lab.ready(worker)
        lab.answers(worker)
        ping = next(message for message in heard.listen() if asks_for("ping", message))
        lab.app.control.revoke("nothing")  # which no worker replies to
        revoke = next(message for message in heard.listen() if asks_for("revoke", message))
        until(lambda: worker.log.read_text().count(REVOKED) == 1, "heard")
        with TROUBLES[trouble](lab.server):
            until(lambda: SAID in worker.log.read_text(), "the worker says so")
            for asked in (ping, ping, revoke):
                client.publish(asked["channel"], asked["data"])
            until(lambda: worker.log.read_text().count(REVOKED) == 2, "heard, after those before")
        lab.send("work", range(3))
        lab.all_done()
        lab.answers(worker)
        assert worker.shut_down() == 0
