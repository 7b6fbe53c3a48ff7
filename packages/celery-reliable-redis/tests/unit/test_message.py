"""A message's body is decoded as kombu decodes it, though mostly faster."""

from __future__ import annotations

import datetime
import decimal
import json
import uuid
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from kombu import serialization
from kombu.exceptions import ContentDisallowed, DecodeError
from kombu.utils import json as kombu_json

from celery_reliable_redis.guarded import GuardedChannel
from celery_reliable_redis.message import Message

JSON = "application/json"
UTC = datetime.timezone.utc


def message(body: bytes, content_type: str = JSON, accept: set[str] | None = None) -> Any:
    """As a consumer has it that accepts JSON, or what is said."""
    channel: Any = GuardedChannel.__new__(GuardedChannel)
    properties = {"delivery_tag": "a", "body_encoding": "base64", "delivery_info": {}}
    payload = {
        "body": channel.encode_body(body, "base64")[0],
        "content-type": content_type,
        "content-encoding": "utf-8",
        "headers": {},
        "properties": properties,
    }
    made: Any = Message(payload, channel=channel)
    made.accept = {JSON} if accept is None else accept
    return made


@pytest.mark.parametrize(
    "value",
    [
        [[], {}, {"callbacks": None, "errbacks": None, "chain": None, "chord": None}],
        {"a": [1, 2.5, True, None, "ü\u2028"], "__type": "none", "nested": [[{}]]},
        [
            datetime.datetime(2026, 11, 27, 18, tzinfo=datetime.timezone.utc),
            uuid.uuid4(),
            decimal.Decimal("0.1"),
        ],
        {"text": "__type__", "__value__": 1},
        7,
    ],
)
def test_a_body_is_what_kombu_makes_of_it(value: Any) -> None:
    body = kombu_json.dumps(value).encode()
    assert message(body).decode() == kombu_json.loads(body) == value


def outcome(decode: Callable[[], Any]) -> tuple[Any, str]:
    try:
        return decode(), ""
    except DecodeError as error:
        return None, str(error)


@pytest.mark.parametrize("body", [b"", b"{", b"\xff", b"[" * 100_000])
def test_a_body_that_is_no_json_is_what_kombu_makes_of_it(body: bytes) -> None:
    made, why = outcome(lambda: message(body).decode())
    assert (made, why) == outcome(lambda: serialization.loads(body, JSON, "utf-8", accept={JSON}))
    assert why or not body


def test_content_that_is_not_accepted_is_refused() -> None:
    with pytest.raises(ContentDisallowed):
        message(b"[]", "application/x-python-serialize").decode()
    with pytest.raises(ContentDisallowed):
        message(b"[]", accept={"application/x-yaml"}).decode()


@pytest.fixture
def _json_of_the_apps_own() -> Iterator[None]:
    serialization.register("json", json.dumps, lambda body: ["mine", body], JSON, "utf-8")
    yield
    serialization.register("json", kombu_json.dumps, kombu_json.loads, JSON, "utf-8")


@pytest.mark.usefixtures("_json_of_the_apps_own")
def test_a_decoder_of_the_apps_own_decodes() -> None:
    assert message(b"[]").decode()[0] == "mine"
