"""`send_many` over broken connections and at servers that refuse: at least once, and how many are certain."""

from __future__ import annotations

import contextlib
import json
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import pytest
from kombu.exceptions import OperationalError

from celery_reliable_redis import NotAllSentError, send_many
from celery_reliable_redis.sending import BLOCK
from transport_lab import Lab, number_in
from transport_messages import sending_app

#: At once, and not again.
HASTY = {"max_retries": 1, "interval_start": 0, "interval_step": 0, "interval_max": 0}
JOBS = 30 * BLOCK


def jobs(happens: Callable[[], Any], at: int = JOBS // 2) -> Iterator[tuple[Any, Any]]:
    """Jobs, and something that happens before one of them."""
    for number in range(JOBS):
        if number == at:
            happens()
        yield (number,), None


def queued(lab: Lab, queue: str = "celery") -> Counter[int]:
    raws: Any = lab.broker_client.lrange(queue, 0, -1)
    return Counter(map(number_in, raws))


@pytest.mark.parametrize("uniform", [True, False])
def test_what_a_broken_connection_had_on_its_way_is_sent_again(lab: Lab, uniform: bool) -> None:
    def cut() -> None:
        lab.broker_client.client_kill_filter(_type="normal", skipme=True)

    told: list[str] = []
    with sending_app(lab.server) as app:
        app.conf.task_send_sent_event = not uniform
        assert send_many(app.tasks["add"], jobs(cut), on_sent=told.extend) == JOBS
    assert len({*told}) == JOBS
    numbers = queued(lab)
    assert numbers.keys() == {*range(JOBS)}
    assert max(numbers.values()) <= 2
    raws: Any = lab.broker_client.lrange("celery", 0, -1)
    assert {json.loads(raw)["headers"]["id"] for raw in raws} == {*told}  # a message keeps its id


def test_what_has_arrived_before_a_pause_is_not_sent_again_after_it(lab: Lab) -> None:
    client = lab.broker_client

    def pause() -> None:
        while client.llen("celery") < 3 * BLOCK:
            pass
        client.client_kill_filter(_type="normal", skipme=True)  # as a server does that has a timeout

    with sending_app(lab.server) as app:
        assert send_many(app.tasks["add"], jobs(pause, at=3 * BLOCK)) == JOBS
    numbers = queued(lab)
    assert numbers.keys() == {*range(JOBS)}
    assert max(numbers[number] for number in range(3 * BLOCK)) == 1


@pytest.mark.parametrize("retry", [True, False])
def test_no_answer_is_awaited_that_a_closed_connection_would_have_brought(lab: Lab, retry: bool) -> None:
    with sending_app(lab.server, socket_timeout=5) as app, contextlib.ExitStack() as stack:
        if not retry:
            stack.enter_context(pytest.raises(NotAllSentError, match="was closed while jobs were waited for"))
        close = partial(app.pool.force_close_all, close_pool=False)
        assert send_many(app.tasks["add"], jobs(close), retry=retry) == JOBS
    assert not retry or queued(lab).keys() == {*range(JOBS)}


@pytest.mark.parametrize("options", [{"retry": False}, {"retry_policy": HASTY}], ids=str)
def test_who_gives_up_says_how_many_are_certain(restartable: Lab, options: dict[str, Any]) -> None:
    lab, told = restartable, list[str]()
    with sending_app(lab.server, socket_connect_timeout=1) as app:
        with pytest.raises(
            NotAllSentError, match=r"^[\d,]+ messages are certainly sent, and perhaps some"
        ) as failed:
            send_many(app.tasks["add"], jobs(lab.server.stop), on_sent=told.extend, **options)
        assert isinstance(
            failed.value, OperationalError
        )  # who catches what `apply_async` raises catches this
        lab.server.start()
        sent = failed.value.sent
        assert 0 < sent == len(told) <= JOBS // 2
        assert queued(lab).keys() >= {*range(sent)}
        rest = [((number,), None) for number in range(sent, JOBS)]
        assert send_many(app.tasks["add"], rest) == len(rest)
    assert queued(lab).keys() == {*range(JOBS)}


def test_without_a_server_nothing_is_certain(restartable: Lab) -> None:
    restartable.server.stop()
    with (
        sending_app(restartable.server) as app,
        pytest.raises(NotAllSentError, match=r"^0 messages") as failed,
    ):
        send_many(app.tasks["add"], jobs(lambda: None), retry_policy=HASTY)
    assert failed.value.sent == 0


def test_a_server_that_refuses_is_not_asked_for_ever(restartable: Lab) -> None:
    def fill() -> None:
        restartable.broker_client.config_set("maxmemory", "1")

    with sending_app(restartable.server) as app, pytest.raises(NotAllSentError, match="maxmemory") as failed:
        send_many(app.tasks["add"], jobs(fill), retry_policy=HASTY)
    assert 0 < failed.value.sent <= JOBS // 2


def test_messages_longer_than_a_window_arrive(lab: Lab) -> None:
    with sending_app(lab.server) as app:
        assert send_many(app.tasks["add"], [((number, "x" * 2_000_000), None) for number in range(10)]) == 10
    assert queued(lab).keys() == {*range(10)}


def test_threads_send_at_the_same_time(lab: Lab) -> None:
    with sending_app(lab.server) as app:
        app.tasks  # noqa: B018  # made ready once

        def send(first: int) -> None:
            send_many(app.tasks["add"], (((number,), None) for number in range(first, first + 500)))

        threads = [threading.Thread(target=send, args=(500 * place,)) for place in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert queued(lab) == Counter(range(4000))


def test_a_real_worker_does_what_was_sent(lab: Lab) -> None:
    lab.ready(lab.worker("threads"))
    assert (
        send_many("pong", (((number,), None) for number in range(500)), app=lab.app, ignore_result=True)
        == 500
    )
    lab.sent |= {*range(500)}
    lab.all_done()
    assert lab.noted("done") == Counter(range(500))
