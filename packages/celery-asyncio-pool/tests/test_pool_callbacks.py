"""Calls that the pool's threads leave for the worker's."""

from __future__ import annotations

import select
import socket
from collections.abc import Callable

import pytest

from celery_asyncio_pool.callbacks import CallbackQueue


class FakeHub:
    """Calls a reader when it is told to, as kombu's hub does."""

    def __init__(self) -> None:
        self.reader: Callable[[], object] = lambda: None

    def add_reader(self, _fd: object, callback: Callable[[], object]) -> None:
        self.reader = callback

    def remove_reader(self, _fd: object) -> None:
        del self.reader

    def call_later(self, _delay_s: float, callback: Callable[[], object]) -> None:
        self.timer = callback


def test_without_a_hub_calls_are_made_at_once() -> None:
    made: list[int] = []
    CallbackQueue().post(lambda: made.append(1))
    assert made == [1]


def test_with_a_hub_calls_wait_for_it_and_keep_their_order() -> None:
    callbacks, hub, made = CallbackQueue(), FakeHub(), list[int]()
    callbacks.move_to(hub)
    for number in range(5):
        callbacks.post(lambda number=number: made.append(number))  # type: ignore[misc]  # mypy: lambda default
    assert made == []
    hub.reader()
    assert made == [0, 1, 2, 3, 4]
    callbacks.close()


def test_a_call_may_post_another() -> None:
    callbacks, hub, made = CallbackQueue(), FakeHub(), list[int]()
    callbacks.move_to(hub)
    callbacks.post(lambda: callbacks.post(lambda: made.append(1)))
    hub.reader()
    assert made == [1]
    callbacks.close()


def test_a_call_left_while_the_hub_is_awake_wakes_it_again() -> None:
    callbacks, hub, made = CallbackQueue(), FakeHub(), list[int]()
    callbacks.move_to(hub)
    callbacks.post(lambda: made.append(1))
    hub.reader()
    callbacks.post(lambda: made.append(2))
    assert not is_readable(callbacks._ear)
    hub.timer()
    assert made == [1]
    assert is_readable(callbacks._ear)
    hub.reader()
    assert made == [1, 2]
    callbacks.close()


def is_readable(ear: socket.socket) -> bool:
    return bool(select.select([ear], [], [], 0)[0])


def test_a_failing_call_does_not_hold_up_the_next(caplog: pytest.LogCaptureFixture) -> None:
    callbacks, made = CallbackQueue(), list[int]()
    callbacks.post(lambda: 1 / 0)
    callbacks.post(lambda: made.append(1))
    assert made == [1]
    assert "Pool callback failed" in caplog.text


def test_a_closed_queue_calls_at_once() -> None:
    callbacks, made = CallbackQueue(), list[int]()
    callbacks.move_to(FakeHub())
    callbacks.close()
    callbacks.post(lambda: made.append(1))
    assert made == [1]
