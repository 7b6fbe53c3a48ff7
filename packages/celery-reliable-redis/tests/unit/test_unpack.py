"""What is compressed is unpacked as kombu does it, up to a length; nothing longer is ever made."""

from __future__ import annotations

import os
import tracemalloc
import zlib
from typing import Any

import pytest
from kombu import compression

from celery_reliable_redis.guarded import GuardedChannel
from celery_reliable_redis.message import Message
from celery_reliable_redis.unpack import MOST_STREAMS, unpack

#: gzip, bzip2 and xz; brotli and zstd where kombu has found them.
METHODS = compression.encoders()
MOST = 1_000_000


def packed(body: bytes, method: str) -> bytes:
    """As kombu packs it."""
    return bytes(compression.compress(body, method)[0])


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("body", [b"", b"a", os.urandom(1000), b"x" * MOST])
def test_what_was_packed_is_unpacked(method: str, body: bytes) -> None:
    assert unpack(packed(body, method), method, MOST) == body


@pytest.mark.parametrize("alias", ["gzip", "zlib", "bzip2", "bzip", "lzma", "xz"])
def test_the_aliases_are_kombus(alias: str) -> None:
    assert unpack(packed(b"body", alias), alias, MOST) == b"body"


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("end", [0.0, 0.5, 0.9])
def test_what_kombu_cannot_unpack_is_refused(method: str, end: float) -> None:
    whole = packed(b"some body that is packed", method)
    part = whole[: int(len(whole) * end)]
    try:
        wanted: Any = compression.decompress(part, method)
    except Exception:
        with pytest.raises(Exception):  # noqa: B017, PT011  # each method has its own
            unpack(part, method, MOST)
    else:
        assert unpack(part, method, MOST) == wanted


@pytest.mark.parametrize("method", ["application/x-bz2", "application/x-lzma"])
def test_streams_that_follow_each_other_are_one_and_the_rest_is_none(method: str) -> None:
    both = packed(b"a", method) + packed(b"b", method)
    assert unpack(both, method, MOST) == compression.decompress(both, method) == b"ab"
    assert unpack(both + b"rest", method, MOST) == compression.decompress(both + b"rest", method) == b"ab"
    with pytest.raises(ValueError, match="more than 1 bytes"):
        unpack(both, method, 1)
    nothing = packed(b"", method)
    assert unpack(nothing * MOST_STREAMS, method, MOST) == b""
    with pytest.raises(ValueError, match="more than 1,000 streams"):
        unpack(nothing * (MOST_STREAMS + 1), method, MOST)


@pytest.mark.parametrize("method", METHODS)
def test_a_bomb_is_refused_before_it_has_gone_off(method: str) -> None:
    bomb = packed(bytes(30 * MOST), method)
    tracemalloc.start()
    try:
        with pytest.raises(ValueError, match="more than 1,000,000 bytes"):
            unpack(bomb, method, MOST)
        assert tracemalloc.get_traced_memory()[1] < 15 * MOST  # xz has a dictionary of 8 MB
    finally:
        tracemalloc.stop()


def test_a_method_of_the_apps_own_is_called_and_measured_afterwards() -> None:
    compression.register(lambda body: body, lambda body: body * 10, "test/ten")
    try:
        assert unpack(b"a", "test/ten", 10) == b"a" * 10
        with pytest.raises(ValueError, match="more than 9 bytes"):
            unpack(b"a", "test/ten", 9)
    finally:
        del compression._encoders["test/ten"], compression._decoders["test/ten"]


@pytest.mark.parametrize(
    ("body", "method", "most", "words"),
    [
        (zlib.compress(bytes(100)), "gzip", 99, "unpacks to more than 99 bytes"),
        (b"no gzip", "gzip", 99, "incorrect header"),
        (b"", "rot13", 99, "rot13"),
        (b"", ["gzip"], 99, "unhashable"),
        (zlib.compress(b""), "gzip", 0, "max_unpacked_bytes is 0"),
    ],
)
def test_a_message_that_cannot_be_unpacked_says_why_and_stays_packed(
    body: bytes, method: Any, most: int, words: str
) -> None:
    channel: Any = GuardedChannel.__new__(GuardedChannel)
    channel.max_unpacked_bytes = most
    properties = {"delivery_tag": "a", "body_encoding": "base64", "delivery_info": {}}
    text = channel.encode_body(body, "base64")[0]
    payload = {"body": text, "headers": {"compression": method}, "properties": properties}
    message = Message(payload, channel=channel)
    [(_, error, _)] = message.errors
    assert words in str(error)
    assert (message.body or b"") == body
