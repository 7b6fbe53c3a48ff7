"""kombu's Redis transport and its poller, for channels that reserve what they consume."""

from __future__ import annotations

import socket
import time
from typing import Any

from celery_reliable_redis import kombu_versions, urls
from celery_reliable_redis.channel import Channel
from celery_reliable_redis.guarded import GuardedTransport
from celery_reliable_redis.reserving import PAUSE_S
from celery_reliable_redis.servers import CannotServeError


class Poller(kombu_versions.Poller):
    """kombu's poller, for connections on which the server also speaks unasked."""

    def on_readable(self, fileno: int) -> Any:
        """Have the channel read."""
        channel, kind = self._fd_to_chan.get(fileno, (None, None))
        if kind == "BRPOP" and not channel._in_poll:
            return channel.read_unasked()
        return super().on_readable(fileno)

    def get(self, callback: Any, timeout: float | None = None) -> Any:
        """Wait for something to happen, where there is no event loop; do not wait with messages in hand.

        The wait is not for ever: a server that could not serve is asked again.
        """
        in_hand = [channel for channel in self._channels if channel.has_backlog]
        if not in_hand:
            super().get(callback, PAUSE_S if timeout is None else timeout)
        for channel in in_hand:
            channel.deliver_backlog()

    def _register_BRPOP(self, channel: Channel) -> None:  # noqa: N802  # kombu's name
        if channel.is_paused:
            return
        channel.notice_closing()
        try:
            super()._register_BRPOP(channel)
        except CannotServeError as error:  # it does not even take a new connection
            channel.pause(error)


class Transport(GuardedTransport):
    """kombu's Redis transport with channels that reserve."""

    Channel = Channel
    #: kombu then leaves a URL as it is, and the scheme in it.
    can_parse_url = True

    def __init__(self, client: Any, **kwargs: Any) -> None:
        super().__init__(client, **kwargs)
        self._scheme = urls.settle(client, type(self))
        if self._scheme == "sentinel":
            from celery_reliable_redis.sentinel import SentinelChannel

            self.Channel, self.default_port = SentinelChannel, 26379
        self.cycle = Poller()
        self._loop: Any = None
        self._bell: tuple[socket.socket, socket.socket] | None = None

    def as_uri(self, uri: str, include_password: bool = False, mask: str = "**") -> str:  # noqa: ARG002
        """Write where the connection leads to; `uri` is kombu's own idea of it, which lacks a scheme."""
        return urls.as_uri(self.client, self._scheme, include_password, mask)

    @property
    def flushes_before_waiting(self) -> bool:
        """Whether an event loop sends acknowledgements each time before it waits."""
        return self._loop is not None

    def register_with_event_loop(self, connection: Any, loop: Any) -> None:
        """Have Celery's loop take, deliver and acknowledge."""
        super().register_with_event_loop(connection, loop)
        self._loop = loop
        loop.on_tick.add(self._flush)

    def _flush(self) -> None:
        for channel in self.channels:
            if channel.reservation is not None and channel.reservation.acks.unsent:
                channel.flush(channel.reservation)

    def yield_to_loop(self, until: float) -> bool:
        """Return whether the loop has its turn now, and comes back to `deliver_backlog` at once."""
        if self._loop is None or time.monotonic() < until:
            return False
        if self._bell is None:
            self._bell = socket.socketpair()
            self._loop.add_reader(self._bell[0], self._on_bell)
        self._bell[1].send(b"!")
        return True

    def _on_bell(self) -> None:
        assert self._bell is not None
        self._bell[0].recv(1)
        for channel in list(self.channels):
            channel.deliver_backlog()

    def close_connection(self, connection: Any) -> None:
        """Give everything back, and close."""
        super().close_connection(connection)
        self._leave_loop()

    def _collect(self, connection: Any) -> None:
        """Close a lost connection, but go on with the jobs under way."""
        for channel in self.channels:
            channel.lose()
        super().close_connection(connection)
        self._leave_loop()

    def _leave_loop(self) -> None:
        loop, self._loop = self._loop, None
        if loop is not None:
            loop.on_tick.discard(self._flush)
        if self._bell is not None:
            if loop is not None:
                loop.remove_reader(self._bell[0])
            for end in self._bell:
                end.close()
            self._bell = None
