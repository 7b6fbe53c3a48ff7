"""What `send_many` and Celery's own loop leave in a queue, made comparable."""

from __future__ import annotations

import base64
import json
import uuid
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timezone
from typing import Any

import redis
from celery import Celery
from kombu import serialization

from transport_lab import Server

NOW = datetime(2026, 11, 27, 12, tzinfo=timezone.utc)


class StillApp(Celery):  # type: ignore[misc]  # Celery is untyped
    """An app for which no time passes."""

    def now(self) -> datetime:
        return NOW


@contextmanager
def sending_app(
    server: Server, transport: str | None = None, *, task_cls: str | None = None, **options: Any
) -> Iterator[Any]:
    """An app that sends to database 3, and two tasks of it."""
    app = StillApp("sends", broker=server.url(3), set_as_current=False, task_cls=task_cls)
    app.conf.update(broker_transport=transport, broker_transport_options=options, task_ignore_result=True)

    @app.task(name="add", shared=False)  # type: ignore[untyped-decorator]  # Celery is untyped
    def add(x: Any, y: Any = 0) -> None: ...

    @app.task(
        name="own", shared=False, queue="own", expires=60, priority=3, serializer="pickle", time_limit=5
    )  # type: ignore[untyped-decorator]  # as above
    def own(*args: Any, **kwargs: Any) -> None: ...

    with app:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # a task's own queue and priority are deprecated from 5.7 on
            app.finalize()
        yield app


def take(client: redis.Redis) -> dict[str, list[dict[str, Any]]]:
    """Take all messages out of all lists, oldest first, with their ids replaced and their bodies decoded."""
    lists = sorted(key.decode() for key in client.keys("*") if client.type(key) == b"list")  # type: ignore[union-attr]  # no awaitable
    taken = {key: [comparable(raw) for raw in reversed(client.lrange(key, 0, -1))] for key in lists}  # type: ignore[arg-type]  # as above
    for key in lists:
        client.delete(key)
    return taken


def comparable(raw: bytes) -> dict[str, Any]:
    """A message as its worker sees it; ids that have to differ are the same in all."""
    message: dict[str, Any] = json.loads(raw)
    headers, properties = message["headers"], message["properties"]
    task_id = headers["id"]
    assert properties["correlation_id"] == headers["root_id"] == task_id != properties["delivery_tag"]
    for text in (task_id, properties["delivery_tag"]):
        assert str(uuid.UUID(text)) == text
        assert uuid.UUID(text).version == 4
    message = json.loads(
        json.dumps(message).replace(task_id, "ID").replace(properties["delivery_tag"], "TAG")
    )
    if message["properties"]["body_encoding"] == "base64" and "compression" not in headers:
        kind = message["content-type"]
        data = base64.b64decode(message["body"])
        message["body"] = serialization.loads(data, kind, message["content-encoding"], accept=[kind])
    return message


def route(_: str, args: Any, *__: Any, **___: Any) -> dict[str, str]:
    """A router that looks at the arguments."""
    return {"queue": f"by-{len(args)}"}
