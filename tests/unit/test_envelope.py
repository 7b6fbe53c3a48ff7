"""Whatever a queue holds becomes a message, and what is put back remains what it was."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from kombu.transport.virtual import Channel, Message

from worker.transport.envelope import DEEPEST, UNREADABLE, envelope
from worker.transport.reservation import redelivered

#: Only its codecs are of use here.
CHANNEL: Any = Channel.__new__(Channel)
SOUND = {
    "body": "W1tdLCB7fSwge31d",
    "content-type": "application/json",
    "content-encoding": "utf-8",
    "headers": {"task": "simul.do", "id": "7"},
    "properties": {
        "delivery_tag": "a",
        "delivery_info": {"exchange": "", "routing_key": "q"},
        "body_encoding": "base64",
    },
}


def nested(levels: int) -> Any:
    """A list in a list in a list."""
    value: list[Any] = []
    for _ in range(levels - 1):
        value = [value]
    return value


def test_a_sound_envelope_is_left_as_it_is() -> None:
    assert envelope(json.dumps(SOUND).encode(), "q", CHANNEL) == SOUND


@pytest.mark.parametrize("missing", [None, "", "text"])
def test_texts_may_be_null(missing: str | None) -> None:
    given_ = {**SOUND, "body": "", "content-type": missing, "content-encoding": missing}
    assert envelope(json.dumps(given_).encode(), "q", CHANNEL) == given_


@given(st.binary())
def test_bytes_become_a_message_with_those_bytes(raw: bytes) -> None:
    payload = envelope(raw, "q", CHANNEL)
    message = Message(payload, channel=CHANNEL)
    assert (message.body or b"") == raw
    assert message.errors == []
    assert list(message.headers) == [UNREADABLE]
    assert message.delivery_info == {"exchange": "", "routing_key": "q"}


def test_a_stand_in_that_is_put_back_is_the_same_again() -> None:
    once = envelope(b"\xff", "q", CHANNEL)
    assert envelope(json.dumps(once).encode(), "q", CHANNEL) == once
    assert envelope(redelivered(json.dumps(once).encode()), "q", CHANNEL)["body"] == once["body"]


@pytest.mark.parametrize("levels", [DEEPEST - 10, DEEPEST + 10, 900, 100_000])
def test_what_is_nested_too_deep_is_no_envelope(levels: int) -> None:
    # Written by hand where json itself gives up.
    raw = json.dumps({**SOUND, "headers": {"x": 0}}).replace("0", "[" * levels + "]" * levels).encode()
    assert (UNREADABLE in envelope(raw, "q", CHANNEL)["headers"]) == (levels > DEEPEST)


def test_brackets_in_texts_are_not_nesting() -> None:
    headers = {"argsrepr": "[" * 1000, "flat": [{}] * 1000}
    assert envelope(json.dumps({**SOUND, "headers": headers}).encode(), "q", CHANNEL)["headers"] == headers


@pytest.mark.parametrize("raw", [b"", b"\xff", b"7", b"[]", b"{}", b'{"headers": []}', b"[" * 100_000])
def test_what_is_no_envelope_is_put_back_as_it_is(raw: bytes) -> None:
    assert redelivered(raw) == raw
