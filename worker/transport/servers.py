"""Which servers this transport works with. It refuses the others before it takes a message from them."""

from __future__ import annotations

import contextlib
from typing import Any

import redis

from worker.errors import BrokerUnavailableError

#: The first Redis with LMOVE and BLMOVE. Valkey calls itself a Redis 7.2 here.
OLDEST = (6, 2)


def require_supported(client: redis.Redis) -> None:
    """Return if the server can do what we need. One that hides its version is believed to.

    Raises:
        BrokerUnavailableError: it is too old, or part of a cluster.
    """
    info: dict[str, Any] = {}
    with contextlib.suppress(redis.exceptions.NoPermissionError):
        for section in ("server", "cluster"):
            info.update(client.info(section))
    version = str(info.get("redis_version", "6.2"))
    if tuple(int(part) for part in version.split(".")[:2]) < OLDEST:
        raise too_old(f"Redis {version}")
    if int(info.get("cluster_enabled", 0)):
        raise BrokerUnavailableError(
            "the broker is a Redis cluster; the reliable transport moves messages between keys, which a "
            "cluster spreads over its nodes (connect). Use one server, or the stock transport "
            "(in simul: --transport stock)."
        )


def too_old(which: str) -> BrokerUnavailableError:
    """What to say of a server of an older kind."""
    return BrokerUnavailableError(
        f"the broker is a {which}; the reliable transport needs 6.2 or later (connect). "
        "Update it, or use the stock transport (in simul: --transport stock)."
    )
