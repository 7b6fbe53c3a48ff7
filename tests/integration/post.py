"""A worker's queue as everybody has it who can reach the broker, and what one may put into it."""

from __future__ import annotations

import base64
import json
import os
import time
import uuid
from typing import Any

import redis
from celery import Celery

from producer.contenders.celery_workers.send import producer_app
from producer.contenders.celery_workers.spawned import SpawnedWorkers
from producer.contenders.spec import Spec
from producer.system.broker import Broker

# `as` the same: the tests of the lab's worker have them from here.
from transport_envelopes import envelope_of
from transport_envelopes import packed as packed
from transport_lab import peak_memory as peak_memory
from worker.job_messages import to_message
from worker.jobs import FileCheck
from worker.settings import TASK_NAME

#: One that works in the consumer's process, one in a child, one in greenlets.
SPECS = [Spec("celery:solo", 1), Spec("celery:prefork", 2), Spec("celery:gevent", 4)]
JOB = FileCheck(("test001.txt",))
#: An upper bound for a message to be handled, in seconds: each takes milliseconds.
SOON_S = 10.0
#: Where a worker records what belongs to no run. Written out: `worker.writer` connects where it is imported.
REJECTED_STREAM = "simul:rejected"


class Post:
    """One worker's queue, with everything that one may put into it."""

    def __init__(self, worker: SpawnedWorkers, broker: Broker, client: redis.Redis) -> None:
        self.worker = worker
        self.client = client
        self.app: Celery = producer_app(broker.url)
        self._rejected = self._last_rejected()

    @property
    def queue(self) -> str:
        """The queue that only this worker consumes."""
        return self.worker._queue

    @property
    def pid(self) -> int:
        """The worker's process."""
        [pid] = self.worker.processes()
        return pid

    @property
    def node(self) -> str:
        """What the worker is called."""
        [worker] = self.worker._workers
        return worker.node

    def message(self, of_run: str, changes: dict[str, Any] | None = None) -> dict[str, Any]:
        """A valid message but for the changes; a field that is ... is missing."""
        valid = {"run": of_run, "index": 0, "enqueued_ns": time.monotonic_ns(), "job": to_message(JOB)}
        return {key: value for key, value in {**valid, **(changes or {})}.items() if value is not ...}

    def send(self, message: dict[str, Any], args: tuple[Any, ...] = (), task: str = TASK_NAME) -> None:
        """As a Celery client would."""
        body = json.dumps([args, message, {}])
        self.send_body(body, "application/json", {"task": task, "id": str(uuid.uuid4())})

    def send_body(self, body: str | bytes, content_type: str, headers: dict[str, Any]) -> None:
        """Anything, in an envelope that the transport understands."""
        encoding = "binary" if isinstance(body, bytes) else "utf-8"
        with self.app.producer_pool.acquire(block=True) as producer:
            producer.publish(
                body,
                routing_key=self.queue,
                content_type=content_type,
                content_encoding=encoding,
                headers={"lang": "py", **headers},
                correlation_id=headers.get("id"),
            )

    def put(self, *raws: bytes) -> None:
        """Straight into the list that a transport takes from, as no Celery client does."""
        for raw in raws:
            self.client.lpush(self.queue, raw)

    def rejection(self) -> dict[str, str]:
        """The next message of the stream of rejected ones."""
        [fields] = self.rejections(1, int(SOON_S * 1000))
        return fields

    def rejections(self, most: int, wait_ms: int | None = None) -> list[dict[str, str]]:
        """The next messages of the stream of rejected ones; with `wait_ms`, there is one at least."""
        reply: Any = self.client.xread({REJECTED_STREAM: self._rejected}, count=most, block=wait_ms)
        assert reply or wait_ms is None, "nothing was recorded as rejected"
        entries = reply[0][1] if reply else []
        self._rejected = entries[-1][0] if entries else self._rejected
        return [{key.decode(): value.decode() for key, value in fields.items()} for _, fields in entries]

    def does_the_next_job(self) -> None:
        """The worker lives, and nothing that it cannot handle is left anywhere."""
        outcome = self.worker.run([JOB], lambda _: None)
        assert outcome.problems == []
        assert [record.error for record in outcome.records] == [None]
        deadline = time.monotonic() + SOON_S
        while (left := self.left()) and time.monotonic() < deadline:
            time.sleep(0.001)  # the job's own acknowledgement comes after its record
        assert left == {}

    def left(self) -> dict[str, int]:
        """Messages that wait, and those that a worker has not acknowledged, by key."""
        keys: Any = self.client.keys(f"reliable:*:{self.queue}")
        sizes = {key.decode(): self.client.llen(key) for key in [self.queue.encode(), *keys]}
        unacked: Any = self.client.hvals("unacked")
        sizes["unacked"] = sum(self.queue.encode() in entry for entry in unacked)
        return {key: int(size) for key, size in sizes.items() if size}

    def log(self) -> str:
        """What the worker has logged so far."""
        [worker] = self.worker._workers
        log = worker.log
        log.flush()
        return os.pread(log.fileno(), 100_000_000, 0).decode(errors="replace")

    def _last_rejected(self) -> bytes:
        entries: Any = self.client.xrevrange(REJECTED_STREAM, count=1)
        last: bytes = entries[0][0] if entries else b"0"
        return last


def call_headers() -> dict[str, Any]:
    """Those that no call can do without."""
    return {"task": TASK_NAME, "id": str(uuid.uuid4())}


def damaged(message: dict[str, Any], path: tuple[str, ...], value: Any) -> bytes:
    """An envelope around the message with something else at one place; what is ... is missing."""
    envelope = envelope_of(call_headers(), [[], message, {}])
    inside = envelope
    for name in path[:-1]:
        inside = inside[name]
    inside[path[-1]] = value
    if value is ...:
        del inside[path[-1]]
    return json.dumps(envelope).encode()


def old_call(message: dict[str, Any], headers: Any, changes: dict[str, Any] | None = None) -> bytes:
    """A call in protocol 1; headers that are ... are missing."""
    body = {
        "task": TASK_NAME,
        "id": str(uuid.uuid4()),
        "args": [],
        "kwargs": message,
        "retries": 0,
        "utc": True,
    }
    envelope = envelope_of(headers, {**body, **(changes or {})})
    if headers is ...:
        del envelope["headers"]
    return json.dumps(envelope).encode()


def compressed(packed_body: bytes, method: Any) -> bytes:
    """A message whose body is said to be compressed by some method."""
    envelope = envelope_of({**call_headers(), "compression": method}, None)
    envelope["body"] = base64.b64encode(packed_body).decode()
    return json.dumps(envelope).encode()
