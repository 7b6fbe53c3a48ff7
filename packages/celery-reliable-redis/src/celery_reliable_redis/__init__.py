"""A Redis transport for Celery that loses nothing: `broker_transport = "celery_reliable_redis:Transport"`.

It is kombu's own, in the same format and on the same queues, but for three things: a message is moved
into a list of its consumer in one step, where kombu pops it first and notes it down later; a dead
consumer is known by its lease, not by the age of its messages; and acknowledgements travel together.
It refuses servers older than Redis 6.2, and clusters. The README says what each public name is for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from celery_reliable_redis import kombu_versions, stock
from celery_reliable_redis.dead import DeadLetter, DeadLetters
from celery_reliable_redis.delayed import list_delayed, revoke_delayed
from celery_reliable_redis.envelope import UNREADABLE
from celery_reliable_redis.mistakes import SettingError, UnsupportedServerError
from celery_reliable_redis.reservation import reserved_from
from celery_reliable_redis.seldom import Seldom
from celery_reliable_redis.servers import is_passing, is_refusal, require_supported
from celery_reliable_redis.transport import Transport

if TYPE_CHECKING:
    from celery_reliable_redis.sending import NotAllSentError, send_many

__all__ = [
    "UNREADABLE",
    "DeadLetter",
    "DeadLetters",
    "NotAllSentError",
    "Seldom",
    "SettingError",
    "Transport",
    "UnsupportedServerError",
    "is_passing",
    "is_refusal",
    "list_delayed",
    "require_supported",
    "reserved_from",
    "revoke_delayed",
    "send_many",
    "stock",
]

kombu_versions.warn_of_version()


def __getattr__(name: str) -> Any:
    """Load what sends when it is asked for: a worker, or a program without Celery, has no use for it."""
    if name not in ("NotAllSentError", "send_many"):
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from celery_reliable_redis import sending

    return getattr(sending, name)
