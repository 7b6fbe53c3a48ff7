"""A Redis transport for Celery that loses nothing: `broker_transport = "celery_reliable_redis:Transport"`.

It is kombu's own, in the same format and on the same queues, but for three things: a message is moved
into a list of its consumer in one step, where kombu pops it first and notes it down later; a dead
consumer is known by its lease, not by the age of its messages; and acknowledgements travel together.
It refuses servers older than Redis 6.2, and clusters. The README says what each public name is for.
"""

from __future__ import annotations

from celery_reliable_redis import kombu_versions, stock
from celery_reliable_redis.envelope import UNREADABLE
from celery_reliable_redis.reservation import reserved_from
from celery_reliable_redis.seldom import Seldom
from celery_reliable_redis.servers import UnsupportedServerError, is_passing, is_refusal, require_supported
from celery_reliable_redis.transport import Transport

__all__ = [
    "UNREADABLE",
    "Seldom",
    "Transport",
    "UnsupportedServerError",
    "is_passing",
    "is_refusal",
    "require_supported",
    "reserved_from",
    "stock",
]

kombu_versions.warn_of_version()
