"""Whatever a queue holds becomes a message, and what is put back remains what it was."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from celery_reliable_redis.envelope import (
    DEEPEST,
    SHOWN,
    UNREADABLE,
    Placeholder,
    parse_envelope,
    restore_original,
)
from celery_reliable_redis.guarded import GuardedChannel
from celery_reliable_redis.message import Message
from celery_reliable_redis.redelivery import mark_redelivered

#: Only its codecs and limits are of use here.
CHANNEL: Any = GuardedChannel.__new__(GuardedChannel)
SOUND: dict[str, Any] = {
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
    assert parse_envelope(json.dumps(SOUND).encode(), "q", CHANNEL) == SOUND


@pytest.mark.parametrize("nothing", [None, "", [], {}, 0, False])
def test_what_is_nothing_in_some_way_is_nothing(nothing: Any) -> None:
    fields = ("body", "content-type", "content-encoding", "headers")
    left_out = parse_envelope(json.dumps({"properties": SOUND["properties"]}).encode(), "q", CHANNEL)
    sent = SOUND | dict.fromkeys(fields, nothing)
    read = parse_envelope(json.dumps(sent).encode(), "q", CHANNEL)
    assert {name: value or None for name, value in read.items()} == {
        name: value or None for name, value in left_out.items()
    }
    assert (read["body"], read["headers"]) == ("", {})


@pytest.mark.parametrize("tag", ["a", 7, 1.5])
def test_a_tag_is_a_text_or_a_number(tag: Any) -> None:
    sent = {**SOUND, "properties": {**SOUND["properties"], "delivery_tag": tag}}
    assert parse_envelope(json.dumps(sent).encode(), "q", CHANNEL) == sent


def test_what_is_longer_than_allowed_is_not_parsed() -> None:
    channel: Any = GuardedChannel.__new__(GuardedChannel)
    channel.max_message_bytes = 10
    assert "11 bytes" in parse_envelope(b"[" * 11, "q", channel)["headers"][UNREADABLE]
    assert "JSON" in parse_envelope(b"[" * 10, "q", channel)["headers"][UNREADABLE]
    assert mark_redelivered(json.dumps(SOUND).encode(), longest=10).raw == json.dumps(SOUND).encode()


@pytest.mark.parametrize("headers", [..., None, [], {}, {"redelivered": False}])
def test_what_is_put_back_is_marked_whatever_its_headers_were(headers: Any) -> None:
    sent = {name: value for name, value in {**SOUND, "headers": headers}.items() if value is not ...}
    marked = json.loads(mark_redelivered(json.dumps(sent).encode()).raw)
    assert marked["headers"] == {"redelivered": True}
    assert marked["properties"]["delivery_info"]["redelivered"] is True


@given(st.binary())
def test_bytes_become_a_message_with_those_bytes(raw: bytes) -> None:
    payload = parse_envelope(raw, "q", CHANNEL)
    message = Message(payload, channel=CHANNEL)
    assert message.body == raw
    assert message.errors == []
    assert list(message.headers) == [UNREADABLE]
    assert message.delivery_info == {"exchange": "", "routing_key": "q"}


def test_a_placeholder_shows_a_part_and_gives_back_all() -> None:
    raw = b"\xff" * (SHOWN + 1)
    payload = parse_envelope(raw, "q", CHANNEL)
    assert isinstance(payload, Placeholder)
    assert Message(payload, channel=CHANNEL).body == raw[:SHOWN]
    assert restore_original(json.loads(json.dumps(payload.whole()))) == raw


def test_an_envelope_that_was_read_stands_for_nothing_else() -> None:
    assert restore_original(SOUND) is None
    assert restore_original({**SOUND, "headers": {}}) is None


@pytest.mark.parametrize("levels", [DEEPEST - 10, DEEPEST + 10, 900, 100_000])
def test_what_is_nested_too_deep_is_no_envelope(levels: int) -> None:
    # Written by hand where json itself gives up.
    raw = json.dumps({**SOUND, "headers": {"x": 0}}).replace("0", "[" * levels + "]" * levels).encode()
    assert (UNREADABLE in parse_envelope(raw, "q", CHANNEL)["headers"]) == (levels > DEEPEST)


def test_brackets_in_texts_are_not_nesting() -> None:
    headers = {"argsrepr": "[" * 1000, "flat": [{}] * 1000}
    assert (
        parse_envelope(json.dumps({**SOUND, "headers": headers}).encode(), "q", CHANNEL)["headers"] == headers
    )


@pytest.mark.parametrize("raw", [b"", b"\xff", b"7", b"[]", b"{}", b'{"headers": []}', b"[" * 100_000])
def test_what_is_no_envelope_is_put_back_as_it_is(raw: bytes) -> None:
    assert mark_redelivered(raw, counted=True) == (raw, 0, None)
