"""Connections that look for their server each time they connect: a Sentinel's master, a cluster's node.

They look again where redis-py would go back to the address it knows: to whoever was the master when the
connection broke.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import redis
from redis.sentinel import SentinelManagedConnection, SentinelManagedSSLConnection

from celery_reliable_redis.redis_versions import GREETING, is_connected

#: Nodes that may send us on to another before one is ours: more than one while the cluster is changing.
MOST_MOVES = 5
_MOVED = re.compile(r"MOVED \d+ (\S*):(\d+)")


class Finding:
    """A connection that connects by `connect` alone."""

    def send_packed_command(self, command: Any, check_health: bool = True) -> None:
        """Send, if need be over a new connection."""
        if not is_connected(self):
            self.connect()  # type: ignore[attr-defined]  # redis-py's
        super().send_packed_command(command, check_health)  # type: ignore[misc]  # redis-py's

    # redis-py's for Sentinels makes of a master that has become a replica a connection that was lost. Ours
    # are lost then, too, but say why.
    read_response = redis.Connection.read_response


class MasterConnection(Finding, SentinelManagedConnection):
    """A connection to the master that the Sentinels name."""


class MasterSSLConnection(Finding, SentinelManagedSSLConnection):
    """The same, encrypted."""


def holds_together(prefix: str) -> bool:
    """Return whether a cluster keeps all keys with this prefix in one slot: it has a part in braces."""
    tag = prefix.partition("{")[2]
    return tag.find("}") > 0


def make_following(connection_class: type, key: str, seeds: Sequence[tuple[str, int]]) -> type:
    """Derive a class of connections that end at the node of a cluster that has `key`.

    They begin where they ended the last time, or else at one of the `seeds`, in turn. A server that is no
    cluster's has every key.
    """

    class Following(Finding, connection_class):
        host: str
        port: int

        def connect(self) -> None:
            """Connect to the node that has the key."""
            first, error = (self.host, self.port), None
            for self.host, self.port in dict.fromkeys([first, *seeds]):
                try:
                    self._follow()
                    return
                except (redis.ConnectionError, redis.TimeoutError) as unreachable:
                    error = error or unreachable
            self.host, self.port = first
            assert error is not None
            raise error

        def _follow(self) -> None:
            for _ in range(MOST_MOVES):
                try:
                    super().connect()
                    return
                except redis.ConnectionError as error:
                    moved = _MOVED.search(str(error))
                    if moved is None:
                        raise
                    self.host, self.port = moved[1] or self.host, int(moved[2])
            raise redis.ConnectionError("The nodes of the cluster send us from one to the other")

        def greet(self, *args: Any, **kwargs: Any) -> None:
            """Log in, and ask whether the key is here."""
            getattr(super(), GREETING)(*args, **kwargs)
            self.send_command("EXISTS", key, check_health=False)
            self.read_response()  # says MOVED where it is another node's

    setattr(Following, GREETING, Following.greet)
    return Following
