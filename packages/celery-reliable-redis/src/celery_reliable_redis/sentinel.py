"""A channel whose server is the master that Redis Sentinels name, also after a failover."""

from __future__ import annotations

from typing import Any

from kombu.transport import redis as stock
from redis import sentinel
from redis.backoff import NoBackoff
from redis.retry import Retry

from celery_reliable_redis.channel import Channel
from celery_reliable_redis.finding import MasterConnection, MasterSSLConnection
from celery_reliable_redis.mistakes import UnsupportedServerError
from celery_reliable_redis.urls import nodes


class SentinelChannel(Channel, stock.SentinelChannel):
    """A channel that reserves what it consumes, at the present master."""

    master_name: str | None = None
    sentinel_kwargs: dict[str, Any] | None = None
    min_other_sentinels = 0
    from_transport_options = tuple(
        dict.fromkeys((*Channel.from_transport_options, *stock.SentinelChannel.from_transport_options))
    )
    connection_class = MasterConnection
    connection_class_ssl = MasterSSLConnection

    def _sentinel_managed_pool(self, asynchronous: bool = False) -> Any:
        manager = self._make_manager()
        # kombu closes it with the channel.
        setattr(self, "_async_sentinel_manager" if asynchronous else "_sentinel_manager", manager)
        return self._make_managed_pool(manager, self.connection_params(asynchronous))

    def _fanout_prefixes(self) -> list[str]:
        # kombu before 5.4 leaves its own as it is written, and may be listened to (`sentinel_fanout_compat`).
        return [*super()._fanout_prefixes(), stock.Channel.keyprefix_fanout]

    def _make_pool(self, params: dict[str, Any]) -> Any:
        return self._make_managed_pool(self._make_manager(), params)

    def _make_manager(self) -> Any:
        if not self.master_name:
            raise UnsupportedServerError(
                "the Sentinels know the broker by a name, and it is not given (connect). "
                'Set broker_transport_options = {"master_name": "..."}.'
            )
        # One whose machine is gone is not waited for as long as a silent broker may be.
        patience = {
            "socket_timeout": self.lease,
            "socket_connect_timeout": self.lease,
            "retry": Retry(NoBackoff(), 0),
        }
        return sentinel.Sentinel(  # type: ignore[no-untyped-call]  # redis-py's
            dict.fromkeys(nodes(self.connection.client, self.connection.default_port)),
            min_other_sentinels=self.min_other_sentinels,
            sentinel_kwargs={**patience, **(self.sentinel_kwargs or {})},
        )

    def _make_managed_pool(self, manager: Any, params: dict[str, Any]) -> Any:
        params = {name: value for name, value in params.items() if name not in ("host", "port")}
        return manager.master_for(self.master_name, **params).connection_pool
