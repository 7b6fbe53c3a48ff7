"""Connects to a broker by itself, beside Celery: to ask it, to read records, to clear up."""

from __future__ import annotations

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

#: How long a broker has to answer, in seconds.
ANSWER_S = 3.0


def connect(url: str) -> redis.Redis:
    """Make a client that gives up after `ANSWER_S` instead of trying again."""
    return redis.Redis.from_url(
        url,
        socket_connect_timeout=ANSWER_S,
        socket_timeout=ANSWER_S,
        retry=Retry(NoBackoff(), 0),
        protocol=2,  # the shape of XREAD's reply depends on it
    )
