"""What Celery's consumer is given, and what it is not."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from kombu import Message

from celery_reliable_redis import UNREADABLE
from worker import consumer
from worker.errors import InvalidJobError

BODY = '[[], {"run": "r", "job": {"kind": "file_check", "files": ["a", "b"]}}, {"callbacks": null}]'


def message(headers: dict[str, Any] | None = None, body: str = BODY, **changes: Any) -> Message:
    """As kombu hands it over."""
    headers = {"task": "simul.do", "id": "7", **(headers or {})}
    return Message(
        body, content_type="application/json", content_encoding="utf-8", headers=headers, **changes
    )


def test_celery_gets_what_was_checked_and_nothing_else() -> None:
    sent = message({"get": 7, "traceparent": "x", "retries": 2}, properties={"reply_to": "q", "odd": {}})
    consumer._check(sent)
    assert sent.headers["task"] == "simul.do"
    assert sent.headers["retries"] == 2
    assert not sent.headers.keys() & {"get", "traceparent"}
    assert sent.properties == {"correlation_id": None, "reply_to": "q", "priority": None}


@pytest.mark.parametrize("headers", [None, {}])
def test_a_plain_call_in_protocol_1_becomes_one_in_protocol_2(headers: dict[str, Any] | None) -> None:
    old = {"task": "simul.do", "id": "7", "kwargs": {"run": "r", "job": {"a": "\ud800"}}, "retries": 1}
    body = json.dumps({**old, "args": [], "taskset": None, "expires": None, "utc": True})
    sent = Message(body, content_type="application/json", content_encoding="utf-8", headers=headers)
    consumer._check(sent)
    assert (sent.headers["task"], sent.headers["id"], sent.headers["retries"]) == ("simul.do", "7", 1)
    assert sent.decode() == [[], old["kwargs"], None]


@pytest.mark.parametrize(
    "links", ["[]", "null", "{}", '{"callbacks": [], "errbacks": [], "chain": [], "chord": null}']
)
def test_what_other_languages_write_for_nothing_is_nothing(links: str) -> None:
    sent = message(body=f'[[], {{"run": "r"}}, {links}]')
    consumer._check(sent)
    args, kwargs, embedded = sent.decode()
    assert (args, kwargs) == ([], {"run": "r"})
    assert embedded is None or isinstance(embedded, dict)
    old = {"task": "simul.do", "id": "7", "kwargs": {}, "callbacks": [], "errbacks": []}
    consumer._check(Message(json.dumps(old), content_type="application/json", content_encoding="utf-8"))


@pytest.mark.parametrize(
    "kwargs",
    [
        '{"index": 1000000000000000000000000000000}',
        '{"bounds": NaN, "self": null, "\\ud800": 1.5}',
        '{"job": {"kind": ["a"], "files": [1, null, true, "\\ud800"]}}',
        '{"job": [1, 2]}',
    ],
)
def test_whether_a_call_is_a_job_is_left_to_the_task(kwargs: str) -> None:
    consumer._check(message(body=f"[[], {kwargs}, null]"))


@pytest.mark.parametrize(
    ("sent", "words"),
    [
        (message({"task": "os.system"}), "no task is called 'os.system'"),
        (message({"task": 7}), "Expected `str`"),
        (message({"id": None}), "Expected `str`"),
        (message({"id": "x" * 256}), "length <= 255"),
        (message({"id": "7\n[2026-01-01 ERROR/MainProcess] forged"}), "matching regex"),
        (message({"id": "7\n"}), "matching regex"),
        (message({"shadow": "\x1b[8m"}), "matching regex"),
        (Message(BODY, content_type="application/json", content_encoding="utf-8"), "Expected `object`"),
        (message({"eta": "2100-01-01"}), "eta"),
        (message({"timelimit": [1, None]}), "timelimit"),
        (message({UNREADABLE: "why"}), "not a message: why"),
        (message(properties={"reply_to": []}), "reply_to"),
        (message(body="[[], {}, {}, {}]"), "length"),
        (message(body='[[], {}, {"chain": [[]]}]'), "chain"),
        (message(body="[[], {}, [7]]"), "length"),
        (message(body='[[], {}, {"is_eager": null}]'), "is_eager"),
        (message(body='[[], {"job": {"a": [[]]}}, {}]'), "got `array` - at `$[1]"),
        (message(body="[[{}, [[]]], {}, {}]"), "Expected"),
    ],
)
def test_no_call_is_refused(sent: Message, words: str) -> None:
    with pytest.raises((InvalidJobError, ValueError), match=re.escape(words)):
        consumer._check(sent)
