"""`prompt.Task` over broken connections, without a server, in forks, greenlets, threads: nothing is lost."""

from __future__ import annotations

import subprocess
import sys
import textwrap
import threading
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
import redis
from kombu import pools
from kombu.exceptions import OperationalError

from celery_reliable_redis import redis_versions, wires
from celery_reliable_redis.redis_versions import is_connected
from transport_lab import RELIABLE, Lab, number_in, require_pool
from transport_messages import sending_app

PROMPT = "celery_reliable_redis.prompt:Task"
HASTY = {"max_retries": 1, "interval_start": 0, "interval_step": 0, "interval_max": 0}


@pytest.fixture
def add(lab: Lab) -> Iterator[Any]:
    with sending_app(lab.server, RELIABLE, task_cls=PROMPT) as app:
        app.conf.task_publish_retry_policy = HASTY
        yield app.tasks["add"]


def queued(lab: Lab) -> Counter[int]:
    with lab.server.client(3) as client:
        raws: Any = client.lrange("celery", 0, -1)
    return Counter(map(number_in, raws))


def once(count: int) -> Counter[int]:
    return Counter(range(count))


def send_three(add: Any) -> tuple[Any, Any]:
    """Send 0, 1 and 2, the last one promptly; return redis-py's pool, and its connection that stays ready."""
    for number in range(3):
        add.delay(number)
    [(pool, wire)] = wires._ready.values()
    return pool, wire


def cut(lab: Lab) -> None:
    lab.broker_client.client_kill_filter(_type="normal", skipme=True)


def test_what_a_server_has_closed_is_opened_anew(lab: Lab, add: Any) -> None:
    for number in range(20):
        if number % 3 == 2:
            cut(lab)
        add.delay(number)
    assert queued(lab) == once(20)


def test_a_server_that_was_wiped_gets_the_next(lab: Lab, add: Any) -> None:
    send_three(add)
    lab.broker_client.flushall()
    add.delay(0)
    assert queued(lab) == once(1)


def test_an_answer_that_does_not_come_is_no_confirmation(
    lab: Lab, add: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, wire = send_three(add)

    def miss() -> None:
        type(wire).read_response(wire)
        raise redis.ConnectionError("closed before the answer was read")

    monkeypatch.setattr(wire, "read_response", miss)
    assert add.delay(3).id
    numbers = queued(lab)
    assert numbers.keys() == {*range(4)}
    assert numbers[3] == 2  # as with kombu, who sends it again, too: at least once


def test_an_interrupt_leaves_no_answer_to_the_next(
    lab: Lab, add: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, wire = send_three(add)

    def interrupt() -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(wire, "read_response", interrupt)
        with pytest.raises(KeyboardInterrupt):
            add.delay(3)
    for number in range(4, 8):
        add.delay(number)
    assert queued(lab) == once(8)


def test_what_the_server_refuses_is_refused_as_by_celery(lab: Lab, add: Any) -> None:
    send_three(add)
    lab.broker_client.config_set("maxmemory", 1)
    try:
        with pytest.raises(OperationalError, match="maxmemory"):
            add.delay(3)
    finally:
        lab.broker_client.config_set("maxmemory", 0)
    add.delay(3)
    assert queued(lab) == once(4)


def test_without_a_server_the_error_is_celerys(restartable: Lab) -> None:
    with sending_app(restartable.server, RELIABLE, task_cls=PROMPT) as app:
        app.conf.task_publish_retry_policy = HASTY
        add = app.tasks["add"]
        send_three(add)
        restartable.server.stop()
        for _ in range(2):
            with pytest.raises(OperationalError):
                add.delay(3)
        restartable.server.start()
        for number in range(3, 6):
            add.delay(number)
        assert queued(restartable).keys() >= {3, 4, 5}


def test_a_closed_pool_sends_no_more(lab: Lab, add: Any) -> None:
    _, wire = send_three(add)
    connections = add.app.amqp.producer_pool.connections
    connections.resize(connections.limit, reset=True)
    assert not is_connected(wire)
    add.delay(3)
    connections.force_close_all()
    add.app.amqp.producer_pool.force_close_all()
    try:
        with pytest.raises(RuntimeError, match="closed pool"):
            add.delay(4)
    finally:
        pools.reset()  # it would stay, for other apps, too
    assert queued(lab) == once(4)


SENDING = """
from celery import Celery

app = Celery("sends", broker={broker!r}, task_cls="celery_reliable_redis.prompt:Task", set_as_current=False)
app.conf.update(broker_transport="celery_reliable_redis:Transport", task_ignore_result=True)

@app.task(name="work")
def work(number):
    pass
"""


def run(lab: Lab, code: str, before: str = "") -> None:
    script = textwrap.dedent(before) + SENDING.format(broker=lab.server.url(3)) + textwrap.dedent(code)
    subprocess.run([sys.executable, "-W", "ignore", "-c", script], check=True, timeout=60)


@pytest.mark.parametrize("fork", ["os.fork()", "Process"])
def test_a_fork_shares_no_connection(lab: Lab, fork: str) -> None:
    run(
        lab,
        f"""
        import multiprocessing, os
        from celery_reliable_redis import wires

        def send(start):
            for number in range(start, start + 100):
                work.delay(number)

        send(0)
        [(pool, wire)] = wires._ready.values()
        mine = wire._sock.getsockname()
        fork = {fork!r}
        if fork == "Process":
            child = multiprocessing.get_context("fork").Process(target=send, args=(100,))
            child.start()
            send(200)
            child.join()
            assert child.exitcode == 0
        elif pid := os.fork():
            send(200)
            assert os.waitpid(pid, 0)[1] == 0
        else:
            try:
                assert not wires._ready
                send(100)
                [(pool, wire)] = wires._ready.values()
                assert wire._sock.getsockname() != mine
            except BaseException:
                os._exit(1)
            os._exit(0)
        """,
    )
    assert queued(lab) == once(300)


def test_a_fork_says_that_its_messages_are_its_own(lab: Lab) -> None:
    run(
        lab,
        """
        import os

        for number in range(5):
            work.delay(number)
        if pid := os.fork():
            assert os.waitpid(pid, 0)[1] == 0
        else:
            for number in range(5, 10):
                work.delay(number)
            os._exit(0)
        """,
    )
    with lab.server.client(3) as client:
        raws: Any = client.lrange("celery", 0, -1)
    origins = {number_in(raw): raw.partition(b'"origin": "')[2].partition(b'"')[0] for raw in raws}
    assert len({origins[number] for number in range(5)}) == len({*origins.values()}) - 1 == 1


def test_threads_send_each_message_once_over_at_most_one_more_connection_for_each_of_the_pool(
    lab: Lab,
) -> None:
    run(
        lab,
        """
        import sys, threading
        from celery import Task

        sys.setswitchinterval(2e-5)  # so that they meet more often

        def send(apply_async):
            gate = threading.Barrier(16)

            def send_some(start):
                gate.wait()
                for number in range(start, 800, 16):
                    apply_async((number,))

            threads = [threading.Thread(target=send_some, args=(start,)) for start in range(16)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()

        def connections():
            with app.connection_for_read() as connection:
                clients = connection.default_channel.plain_client().client_list()
            return sum(client["db"] == "3" for client in clients)

        app.finalize()  # threads that were the first to use a task could break Celery's proxy of it
        app.conf.broker_pool_limit = 3
        before = connections()  # of other tests, and those that ask this
        app.amqp.producer_pool
        send(lambda args: Task.apply_async(work, args))
        send(work.apply_async)
        assert connections() - before <= 3 * 3
        """,
    )
    assert queued(lab) == Counter(dict.fromkeys(range(800), 2))


def test_a_connection_on_its_way_back_is_waited_for(
    lab: Lab, add: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    pool, wire = send_three(add)
    begun, opened = threading.Event(), threading.Event()
    release, get_connection = pool.release, redis_versions.get_connection

    def release_late(connection: Any) -> None:
        begun.set()
        opened.wait(0.5)  # in vain, if the other waits
        release(connection)

    def tell_what_is_given(pool: Any) -> Any:
        connection = get_connection(pool)
        if connection is not wire:
            opened.set()
        return connection

    monkeypatch.setattr(pool, "release", release_late)
    monkeypatch.setattr(wires, "get_connection", tell_what_is_given)
    giver = threading.Thread(target=wires.give_back)
    giver.start()
    begun.wait()
    add.delay(3)
    giver.join()
    assert not opened.is_set()
    assert queued(lab) == once(4)


def test_greenlets_send_each_message_once(lab: Lab) -> None:
    require_pool("gevent")
    run(
        lab,
        """
        app.conf.broker_pool_limit = 3
        group = Group()
        for start in range(50):
            group.spawn(lambda start=start: [work.delay(number) for number in range(start, 1000, 50)])
        group.join()
        """,
        before="""
        from gevent import monkey
        monkey.patch_all()
        from gevent.pool import Group
        """,
    )
    assert queued(lab) == once(1000)
