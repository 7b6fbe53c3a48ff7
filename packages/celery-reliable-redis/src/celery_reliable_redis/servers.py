"""Which servers this transport works with, what they refuse, and what they say when they cannot serve.

It refuses servers that will not do before it takes a message from them. What a server cannot do for a while
only (it has become a replica, its disk is full) looks like a lost connection to everyone who asks.
"""

from __future__ import annotations

import contextlib
import re
import time
from collections.abc import Iterator
from typing import Any

import redis
from redis.exceptions import (
    AskError,
    BusyLoadingError,
    ClusterDownError,
    MasterDownError,
    MovedError,
    NoPermissionError,
    OutOfMemoryError,
    ReadOnlyError,
    TryAgainError,
)

from celery_reliable_redis.calls import drop_suspect, timed
from celery_reliable_redis.finding import holds_together
from celery_reliable_redis.mistakes import UnsupportedServerError
from celery_reliable_redis.native import READ, WRITE
from celery_reliable_redis.redis_versions import greet_unchecked, hear_quietly

#: The first Redis with LMOVE and BLMOVE. Valkey may say of itself that it is a Redis 7.2.
OLDEST = (6, 2)

#: What a server says that cannot serve for now; Redis 6.2 says it in the middle of a sentence where it comes
#: from a script. UNBLOCKED: it became a replica while we waited.
_NOT_NOW = re.compile(
    r"(?:^|-)(ASK|BUSY|CLUSTERDOWN|LOADING|MASTERDOWN|MISCONF|MOVED|NOREPLICAS|READONLY|TRYAGAIN|UNBLOCKED)\b"
    r"|max number of clients"
)
#: The codes that redis-py before 8 takes off the text, and does not keep.
_CODES = {
    AskError: "ASK",
    BusyLoadingError: "LOADING",
    ClusterDownError: "CLUSTERDOWN",
    MasterDownError: "MASTERDOWN",
    MovedError: "MOVED",
    ReadOnlyError: "READONLY",
    TryAgainError: "TRYAGAIN",
}
#: What it says of a command or a key that it will never let us have.
_NEVER = re.compile(
    r"unknown (redis |sub)?command|ACL failure|can't (run this|access at least one)", re.IGNORECASE
)


class CannotServeError(redis.ConnectionError):
    """The server is there, and cannot serve now. Nothing has been done."""


def make_patient(connection_class: type, *, pooled: bool = False) -> type:
    """Derive a class of connections that treat a server that cannot serve as a lost connection.

    So kombu and Celery do what they do then: connect anew (a failover may have put another server behind the
    name), and try again. How long they wait, and when the server was last heard, is noted (`calls`). One that
    is `pooled` is idle when it is asked to connect.
    """

    class Patient(connection_class):
        #: When it last brought an answer.
        heard_at = 0.0

        def connect(self) -> None:
            if pooled:
                drop_suspect(self)
            super().connect()

        def on_connect(self, *args: Any, **kwargs: Any) -> None:
            greet_unchecked(self)
            super().on_connect(*args, **kwargs)
            hear_quietly(self)

        def send_packed_command(self, *args: Any, **kwargs: Any) -> None:
            timed(self, WRITE, super().send_packed_command, *args, **kwargs)

        def read_response(self, *args: Any, **kwargs: Any) -> Any:
            try:
                answer = timed(self, READ, super().read_response, *args, **kwargs)
                self.heard_at = time.monotonic()
                return answer
            except (redis.ResponseError, redis.ConnectionError) as error:
                if text := _not_now(error):
                    raise CannotServeError(text) from None
                raise

    return Patient


def _not_now(error: redis.RedisError) -> str:
    # redis-py takes the code off the text where it has a class for it.
    code, text = getattr(error, "status_code", None) or _CODES.get(type(error)), str(error)
    full = text if not code or text.startswith(code) else f"{code} {text}"
    return full if _NOT_NOW.search(full) else ""


def is_passing(error: redis.RedisError) -> bool:
    """Return whether the server may do later what it cannot do now: it cannot serve, or is out of memory."""
    return bool(_not_now(error)) or isinstance(error, OutOfMemoryError)


def is_refusal(error: redis.RedisError) -> bool:
    """Return whether the server will never do what it was asked for: no right to it, or no such command."""
    return isinstance(error, NoPermissionError) or bool(_NEVER.search(str(error)))


def require_supported(client: redis.Redis, prefix: str = "") -> None:
    """Check that the server can do what we need. A server that hides its version is trusted.

    Raises:
        UnsupportedServerError: it is too old, or part of a cluster that may spread keys with this prefix.
    """
    hello = _hello(client)
    version = re.match(r"(\d+)\.(\d+)", hello.get("version", ""))
    if version and tuple(map(int, version.groups())) < OLDEST:
        raise make_too_old_error(f"Redis {hello['version']}")
    if hello.get("mode") == "cluster" and not holds_together(prefix):
        raise UnsupportedServerError(
            "the broker is a Redis cluster; the reliable transport moves messages between keys, which a "
            "cluster spreads over its nodes (connect). Keep them in one slot, by a prefix with a part in "
            'braces: broker_transport_options = {"global_keyprefix": "{celery}:"}.'
        )


def _hello(client: redis.Redis) -> dict[str, str]:
    # Nobody may be forbidden to say HELLO, while INFO is a dangerous command.
    answer: Any = None
    with contextlib.suppress(redis.ResponseError):
        answer = client.execute_command("HELLO")  # type: ignore[no-untyped-call]  # redis-py's
    if isinstance(answer, list):  # RESP2
        answer = dict(zip(answer[::2], answer[1::2], strict=True))
    return {} if answer is None else {_text(key): _text(value) for key, value in answer.items()}


def _text(value: Any) -> str:
    return value.decode(errors="replace") if isinstance(value, bytes) else str(value)


def make_too_old_error(which: str) -> UnsupportedServerError:
    """Make the error that says that a server is too old."""
    return UnsupportedServerError(
        f"the broker is a {which}; the reliable transport needs 6.2 or later (connect). "
        "Update it, or use kombu's transport."
    )


@contextlib.contextmanager
def refusals_explained() -> Iterator[None]:
    """Have a refusal say what it means for this transport.

    Raises:
        UnsupportedServerError: the server refuses something we cannot do without.
    """
    try:
        yield
    except redis.ResponseError as error:
        raise make_refused_error(error) if is_refusal(error) else error from None


def make_refused_error(error: redis.RedisError) -> UnsupportedServerError:
    """Make the error that says that a server refuses something we cannot do without."""
    return UnsupportedServerError(
        f"the broker refuses what the reliable transport cannot do without: {str(error)[:300]} (consume). "
        "Give its user the rights that the README of celery-reliable-redis lists, or use kombu's transport."
    )
