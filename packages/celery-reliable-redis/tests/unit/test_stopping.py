"""Acknowledgements that an event loop has been left with when it stopped."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

import pytest
from kombu.asynchronous import Hub
from kombu.message import Message

from celery_reliable_redis import stopping


class Job(Message):  # type: ignore[misc]  # kombu ships no types
    """A message that says when it is acknowledged, and by which thread."""

    def __init__(self) -> None:
        super().__init__()
        self.by: list[str] = []
        self.made = threading.Event()

    def ack_log_error(self, *_: Any, **__: Any) -> None:
        self.by.append(threading.current_thread().name)
        self.made.set()


@pytest.fixture
def hub() -> Iterator[Any]:
    made = Hub()
    yield made
    made.close()


def test_a_loop_that_has_stopped_leaves_no_acknowledgement_behind(hub: Any) -> None:
    job = Job()
    looking = stopping.Stopping(hub)
    try:
        hub.call_soon(job.ack_log_error)
        assert job.made.wait(10)
    finally:
        looking.end()
    assert job.by == ["transport-stopping"]


def test_what_is_no_acknowledgement_stays_for_the_loop(hub: Any) -> None:
    called: list[str] = []
    job = Job()
    looking = stopping.Stopping(hub)
    try:
        hub.call_soon(called.append, "reader")
        hub.call_soon(job.ack_log_error)
        assert job.made.wait(10)
    finally:
        looking.end()
    assert not called
    assert len(hub._pop_ready()) == 1


def test_an_acknowledgement_that_fails_keeps_no_other_from_being_made(hub: Any) -> None:
    class Broken(Job):
        def ack_log_error(self, *_: Any, **__: Any) -> None:
            super().ack_log_error()
            raise RuntimeError("the broker is away")

    jobs = [Broken(), Job(), Broken(), Job()]
    looking = stopping.Stopping(hub)
    try:
        for job in jobs:
            hub.call_soon(job.ack_log_error)
        assert all(job.made.wait(10) for job in jobs)
    finally:
        looking.end()


def test_nothing_is_made_after_the_end(hub: Any) -> None:
    looking = stopping.Stopping(hub)
    looking.end()
    hub.call_soon(Job().ack_log_error)
    assert len(hub._pop_ready()) == 1
    assert not hub.on_tick


def test_events_go_on_waiting_as_they_are(hub: Any) -> None:
    """Celery 5.5 puts its own method there, again for each event: it is to be there once."""
    sent: list[str] = []
    job = Job()
    for _ in range(3):
        hub._ready.add(sent.clear)
        hub.call_soon(job.ack_log_error)
        stopping.acknowledge(hub)
    assert len(job.by) == 3
    assert hub._pop_ready() == {sent.clear}
