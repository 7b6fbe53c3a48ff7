"""A Redis cluster, whose keys are kept together by a prefix with a part in braces."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import redis
from celery import Celery

from celery_reliable_redis import send_many
from transport_lab import RELIABLE, Lab, Server, running_server, until
from transport_servers import binary_of

PREFIX = "{celery}:"
SLOTS = 16_384


def say(server: Server, *command: Any) -> Any:
    with server.client() as client:
        return client.execute_command(*command)


def make_cluster(nodes: list[Server], masters: int) -> None:
    """Have the first of the nodes share the slots, and the others follow the first of them."""
    bounds = [SLOTS * number // masters for number in range(masters + 1)]
    for node, start, end in zip(nodes, bounds, bounds[1:], strict=False):
        say(node, "CLUSTER", "ADDSLOTSRANGE", start, end - 1)
    for number, node in enumerate(nodes):
        say(node, "CLUSTER", "SET-CONFIG-EPOCH", number + 1)
        say(node, "CLUSTER", "MEET", "127.0.0.1", nodes[0].port)
    until(lambda: all(len(_known(node)) == len(nodes) for node in nodes), "nodes that know each other")
    until(lambda: all(b"cluster_state:ok" in _info(node) for node in nodes), "a cluster that serves")
    master = owner(nodes)
    for node in nodes[masters:]:
        say(node, "CLUSTER", "REPLICATE", say(master, "CLUSTER", "MYID"))
    until(lambda: say(master, "WAIT", len(nodes) - masters, 1000) == len(nodes) - masters, "replicas")


def _known(node: Server) -> list[bytes]:
    answer = say(node, "CLUSTER", "NODES")
    return list(answer) if isinstance(answer, dict) else answer.splitlines()


def _info(node: Server) -> bytes:
    answer = say(node, "CLUSTER", "INFO")
    return "\n".join(f"{k}:{v}" for k, v in answer.items()).encode() if isinstance(answer, dict) else answer


def owner(nodes: list[Server]) -> Server:
    """The node that has the keys. Waits until one has."""
    until(lambda: any(map(_has_keys, nodes)), "a node that has the keys")
    return next(filter(_has_keys, nodes))


def _has_keys(node: Server) -> bool:
    with contextlib.suppress(redis.ResponseError, redis.ConnectionError):
        say(node, "EXISTS", PREFIX)
        return True
    return False


@pytest.fixture
def nodes(tmp_path: Path) -> Iterator[list[Server]]:
    with contextlib.ExitStack() as stack:
        started = []
        for number in range(4):
            directory = tmp_path / f"node{number}"
            directory.mkdir()
            options = "--cluster-enabled", "yes", "--cluster-node-timeout", "1000"
            started.append(stack.enter_context(running_server(binary_of("valkey"), directory, *options)))
        make_cluster(started, masters=3)
        yield started


@pytest.fixture
def lab(nodes: list[Server], valkey: Server, tmp_path: Path) -> Iterator[Lab]:
    """A laboratory that is told of two nodes which do not have the keys."""
    with valkey.client() as client:
        client.flushall()
    others = [node for node in nodes[:3] if node is not owner(nodes[:3])]
    broker = ";".join(node.url() for node in others)
    made = Lab(owner(nodes), tmp_path, broker, options={"lease": 1.0, "global_keyprefix": PREFIX})
    try:
        made.records_server(valkey)
        made.broker_client = made.server.client()
        made.app.conf.update(broker_transport=RELIABLE)
        yield made
    finally:
        made.close()


def test_workers_and_all_who_send_find_the_node(lab: Lab) -> None:
    sender = Celery("sender", broker=lab.broker, task_cls="celery_reliable_redis.prompt:Task")
    sender.conf.update(
        broker_transport=RELIABLE, task_ignore_result=True, broker_transport_options=lab.options
    )

    @sender.task(name="work", ignore_result=True)  # type: ignore[untyped-decorator]  # Celery's
    def work(number: int) -> None: ...

    worker, other = lab.worker("prefork", alone=False), lab.worker("gevent", alone=False)
    lab.ready(worker, other)
    with sender:
        for number in range(5):
            work.delay(number)
        assert send_many(work, [((number,), None) for number in range(5, 200)]) == 195
        lab.sent = set(range(200))
        lab.send("work", range(200, 210), priority=9)
        lab.all_done()
        until(lambda: len(sender.control.ping(timeout=1, limit=2)) == 2, "answers to a ping")
    lab.send("hold", range(300, 340))
    until(lambda: lab.reserved_by(worker) and lab.reserved_by(other), "both have some")
    worker.kill()
    lab.records.set("release", 1)
    lab.all_done()
    assert other.shut_down() == 0
    log = other.log.read_text()
    assert "Traceback" not in log
    assert "CROSSSLOT" not in log


def test_a_node_that_dies_is_followed_by_its_replica(lab: Lab, nodes: list[Server]) -> None:
    worker = lab.worker("prefork")
    lab.ready(worker)
    lab.send("work", range(200), 0.02)
    assert say(lab.server, "WAIT", 1, 10_000) == 1
    until(lambda: len(lab.noted("done")) > 30, "jobs under way")
    lab.server.kill()
    lab.broker_client = owner([node for node in nodes if node.process]).client()
    lab.all_done()
    assert worker.shut_down() == 0
