"""Whose message is whose, without a server: each delivery is known by what it came in."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from kombu.transport.virtual import Message

from celery_reliable_redis.qos import Arrival, QoS
from celery_reliable_redis.reservation import Held


class Reservation:
    """Notes what is asked of it."""

    def __init__(self) -> None:
        self.held: set[Held] = set()
        self.acked: list[bytes] = []
        self.back: list[bytes] = []

    def ack(self, held: Held) -> None:
        self.held.remove(held)
        self.acked.append(held.raw)

    def requeue(self, held: Held) -> None:
        self.held.remove(held)
        self.back.append(held.raw)

    def give_back_to_head(self, several: list[Held]) -> None:
        self.held.difference_update(several)
        self.back += [held.raw for held in several]


@pytest.fixture
def qos() -> QoS:
    channel = SimpleNamespace(flush_soon=lambda _: None, do_restore=True)
    qos = QoS(channel, prefetch_count=3)
    qos._on_collect.cancel()
    return qos


def receive(qos: QoS, reservation: Reservation | None, raw: bytes, tag: str = "tag") -> Message:
    """As kombu does it for a message that a channel hands over, in an arrival or as it is."""
    envelope: dict[str, Any] = {"body": "", "headers": {}, "properties": {"delivery_tag": tag}}
    if reservation is not None:
        envelope = Arrival(envelope, Held(reservation, "queue", "list", raw))  # type: ignore[arg-type]
    message = Message(envelope, channel=qos.channel)
    qos.append(message, message.delivery_tag)
    return message


def test_equal_tags_are_different_deliveries(qos: QoS) -> None:
    ours, others = Reservation(), Reservation()
    sources = (ours, b"0"), (others, b"1"), (ours, b"0")
    messages = [receive(qos, reservation, raw) for reservation, raw in sources]
    assert len({message.delivery_tag for message in messages}) == 3
    assert not qos.can_consume()
    qos.ack(messages[1].delivery_tag)
    assert (ours.acked, others.acked) == ([], [b"1"])
    qos.ack(messages[0].delivery_tag)
    qos.ack(messages[0].delivery_tag)
    assert ours.acked == [b"0"]
    assert qos.get(messages[2].delivery_tag) is messages[2]


@pytest.mark.parametrize("requeue", [None, False, True])
def test_what_is_reserved_nowhere_counts_and_is_all(qos: QoS, requeue: bool | None) -> None:
    ours = Reservation()
    first = receive(qos, ours, b"0")
    broadcast = receive(qos, None, b"")
    assert qos.can_consume_max_estimate() == 1
    if requeue is None:
        qos.ack(broadcast.delivery_tag)
    else:
        qos.reject(broadcast.delivery_tag, requeue=requeue)
    assert qos.can_consume_max_estimate() == 2
    assert (ours.acked, ours.back) == ([], [])
    qos.ack(first.delivery_tag)
    assert ours.acked == [b"0"]


def test_what_goes_back_is_what_was_received_here(qos: QoS) -> None:
    ours = Reservation()
    elsewhere = Held(ours, "queue", "list", b"other")  # type: ignore[arg-type]
    ours.held.add(elsewhere)
    kept = [receive(qos, ours, b"0"), receive(qos, None, b""), receive(qos, ours, b"1")]
    qos.restore_unacked()
    assert ours.back == [b"0", b"1"]
    assert ours.held == {elsewhere}
    assert qos.can_consume_max_estimate() == 3
    for message in kept:
        qos.ack(message.delivery_tag)  # too late
    assert not ours.acked


def test_what_could_not_go_back_is_still_known(qos: QoS, monkeypatch: pytest.MonkeyPatch) -> None:
    ours = Reservation()
    message = receive(qos, ours, b"0")
    monkeypatch.setattr(ours, "requeue", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        qos.reject(message.delivery_tag, requeue=True)
    qos.ack(message.delivery_tag)
    assert ours.acked == [b"0"]
