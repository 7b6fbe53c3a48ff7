"""What is asked of the messages that wait: options, purging, deleting, revoking."""

from __future__ import annotations

from typing import Any

import pytest
from kombu import Exchange, Queue

from celery_reliable_redis import list_delayed, revoke_delayed
from transport_delayed import LONG_S, delayed, producing, send_timed, soon
from transport_lab import Lab


@pytest.mark.parametrize("delay_from", [0.2, -1, "soon", float("nan"), float("inf"), [1]])
def test_less_than_the_workers_look_is_refused_in_one_sentence(waiting: Lab, delay_from: Any) -> None:
    words = r"^delay_from has to be .* 0\.25 or more: with a lease of 1 s"
    with waiting.connection(delay_from=delay_from) as connection, pytest.raises(ValueError, match=words):
        connection.channel()


def test_to_purge_drops_and_counts_what_waits(waiting: Lab) -> None:
    with producing(waiting) as app:
        send_timed(waiting, app, [soon(LONG_S)] * 3)
        send_timed(waiting, app, [soon(LONG_S)] * 2, priority=9)
        send_timed(waiting, app, [soon(LONG_S)], queue="other")
        app.send_task("pong", (1,))
        with app.connection_for_write() as connection, connection.channel() as channel:
            assert channel.queue_purge("celery") == 6
    assert [item.queue for item in list_delayed(waiting.broker_client)] == ["other"]
    assert not waiting.queued()


def test_a_queue_that_is_deleted_takes_what_waits_with_it_unless_only_if_empty(waiting: Lab) -> None:
    with producing(waiting) as app:
        send_timed(waiting, app, [soon(LONG_S)])
        with app.connection_for_write() as connection, connection.channel() as channel:
            Queue("celery", Exchange("celery"), routing_key="celery")(channel).declare()
            channel.queue_delete("celery", if_empty=True)
            assert delayed(waiting) == 1
            channel.queue_delete("celery")
    assert delayed(waiting) == 0


def test_who_is_revoked_is_gone_at_once(waiting: Lab) -> None:
    with producing(waiting) as app:
        ids = send_timed(waiting, app, [soon(LONG_S)] * 3, queue="x*y")
        in_queue = app.send_task("pong", (1,)).id
    assert revoke_delayed(waiting.broker_client, [ids[0], ids[2], in_queue, "*"]) == {ids[0], ids[2]}
    assert [item.task_id for item in list_delayed(waiting.broker_client)] == [ids[1]]
    assert waiting.queued() == 1
