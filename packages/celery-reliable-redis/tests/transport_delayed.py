"""Tasks with an ETA, sent through this transport or kombu's own, and what waits of them in Redis."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator
from datetime import datetime, timezone
from typing import Any

from celery import Celery

from transport_lab import RELIABLE, Lab, in_one_packet

#: Tasks wait in Redis from half a second on; workers look twice as often.
DELAYING: dict[str, Any] = {"lease": 1.0, "delay_from": 0.5}
#: Long enough that nothing is due while a test runs.
LONG_S = 3600.0


@contextlib.contextmanager
def producing(lab: Lab, transport: str = RELIABLE, **options: Any) -> Iterator[Celery]:
    """An app that sends with the laboratory's options."""
    with Celery("produces", broker=lab.broker, set_as_current=False) as app:
        app.conf.update(
            broker_transport=transport or None, broker_transport_options={**lab.options, **options}
        )
        yield app


def send_timed(lab: Lab, app: Celery, dues: list[float], **options: Any) -> list[str]:
    """Send a task that notes how late it starts, for each moment (seconds since 1970). Returns the ids."""
    numbers = range(len(lab.sent), len(lab.sent) + len(dues))
    ids = []
    with app.producer_pool.acquire(block=True) as producer, in_one_packet(producer):
        for number, due in zip(numbers, dues, strict=True):
            eta = datetime.fromtimestamp(due, timezone.utc)
            ids.append(app.send_task("keep_time", (number, due), eta=eta, producer=producer, **options).id)
    lab.sent |= set(numbers)
    return ids


def lateness(lab: Lab) -> list[float]:
    """By how many seconds tasks have started late, in order."""
    noted: Any = lab.records.lrange("late", 0, -1)
    return sorted(map(float, noted))


def delayed(lab: Lab, queue: str = "celery") -> int:
    """How many messages wait in Redis for a queue, given by its key."""
    prefix = lab.options.get("global_keyprefix", "")
    with lab.broker_client.pipeline() as pipe:  # at one moment
        pipe.zcard(f"{prefix}reliable:due:{prefix}{queue}")
        pipe.hlen(f"{prefix}reliable:delayed:{prefix}{queue}")
        pipe.hexists(f"{prefix}reliable:delayed:{prefix}{queue}", "")
        due, messages, is_noted = pipe.execute()
    assert due == messages - is_noted
    return int(due)


def soon(seconds: float) -> float:
    """The moment in so many seconds."""
    return time.time() + seconds
