"""kombu's Redis transport and its poller, for channels that reserve what they consume."""

from __future__ import annotations

import contextlib
import socket
import time
from typing import Any

from celery_reliable_redis import kombu_versions, solitude, urls
from celery_reliable_redis.channel import Channel
from celery_reliable_redis.counters import counters, show_in
from celery_reliable_redis.guarded import GuardedTransport
from celery_reliable_redis.heartbeat import heartbeat
from celery_reliable_redis.reserving import PAUSE_S
from celery_reliable_redis.servers import CannotServeError
from celery_reliable_redis.stopping import Stopping, acknowledge

#: How often an event loop looks for an answer that is overdue, in seconds.
LOOK_S = 1.0


class Poller(kombu_versions.Poller):
    """kombu's poller, for connections on which the server also speaks unasked."""

    def on_poll_start(self) -> None:
        """Have every channel ask."""
        for channel in self._channels:
            channel.note_turn()
            channel.drop_suspects()
        super().on_poll_start()

    def maybe_check_brpop_health(self) -> None:
        """Close connections whose answer is overdue. kombu has 5.7 do so, after half a minute."""
        for channel in list(self._channels):
            channel.drop_overdue()

    def on_readable(self, fileno: int) -> Any:
        """Have the channel read."""
        channel, kind = self._fd_to_chan.get(fileno, (None, None))
        if kind == "BRPOP" and not channel._in_poll:
            return channel.read_unasked()
        return super().on_readable(fileno)

    def get(self, callback: Any, timeout: float | None = None) -> Any:
        """Wait for something to happen, where there is no event loop; do not wait with messages in hand.

        The wait is not for ever: a server that could not serve is asked again. Nor is it long while a channel
        takes nothing until its hands are empty: nobody says here when they are.
        """
        self.maybe_check_brpop_health()
        in_hand = [channel for channel in self._channels if channel.has_backlog]
        if not in_hand:
            patience_s = PAUSE_S if timeout is None else timeout
            if any(channel.makes_room for channel in self._channels):
                patience_s = min(patience_s, solitude.LOOK_S)
            super().get(callback, patience_s)
        for channel in in_hand:
            channel.deliver_backlog()

    def _follow(self, channel: Channel, client: Any, kind: str) -> None:
        # redis-py may have connected anew, to send a question: its answer comes on another socket. To kombu
        # the client is registered, or (with an event loop) unknown, and to be asked a second time.
        sock = getattr(client.connection, "_sock", None)
        if sock is not None and self._chan_to_sock.get((channel, client, kind)) is not sock:
            self._register(channel, client, kind)

    def forget_listening(self, channel: Channel) -> None:
        """Listen on the next socket: redis-py has connected anew, and tells nobody."""
        self._chan_to_sock.pop((channel, channel.subclient, "LISTEN"), None)
        for fileno in [fd for fd, watched in self._fd_to_chan.items() if watched == (channel, "LISTEN")]:
            del self._fd_to_chan[fileno]  # it is closed, and may by now be the number of somebody else's
            with contextlib.suppress(OSError):
                self.poller.unregister(fileno)

    def _register_LISTEN(self, channel: Channel) -> None:  # noqa: N802  # kombu's name
        if channel.is_paused:
            return
        try:
            self._follow(channel, channel.subclient, "LISTEN")
            super()._register_LISTEN(channel)
        except CannotServeError as error:
            channel.pause_listening(error)

    def _register_BRPOP(self, channel: Channel) -> None:  # noqa: N802  # kombu's name
        if channel.is_paused:
            return
        channel.notice_closing()
        try:
            self._follow(channel, channel.client, "BRPOP")
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
        show_in(self.client, _show_counters)
        self._loop: Any = None
        self._looking: Any = None
        self._bell: tuple[socket.socket, socket.socket] | None = None
        self._stopping: Stopping | None = None

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
        self._looking = loop.call_repeatedly(LOOK_S, self.cycle.maybe_check_brpop_health)

    def _flush(self) -> None:
        for channel in self.channels:
            if channel.reservation is not None and channel.reservation.acks.unsent:
                channel.flush(channel.reservation)

    def note_last_cancelled(self) -> None:
        """Expect that the worker stops, as it takes no more messages."""
        if self._loop is not None and self._stopping is None:
            self._stopping = Stopping(self._loop)

    def end_stopping(self) -> None:
        """Have all acknowledgements of finished jobs made before anything is given back, or taken again."""
        stopping, self._stopping = self._stopping, None
        if stopping is not None:
            stopping.end()

    def catch_up(self) -> None:
        """Make acknowledgements that wait for the loop's turn: solo has done its job by now.

        The next job may be a long one. What is acknowledged here, the heartbeat sends.
        """
        if self._loop is not None and self._loop._ready:
            acknowledge(self._loop)

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
        self.end_stopping()
        super().close_connection(connection)
        self._leave_loop()

    def _collect(self, connection: Any) -> None:
        """Close a lost connection, but go on with the jobs under way."""
        self.end_stopping()
        for channel in self.channels:
            channel.lose()
        super().close_connection(connection)
        self._leave_loop()

    def _leave_loop(self) -> None:
        loop, self._loop = self._loop, None
        if loop is not None:
            loop.on_tick.discard(self._flush)
            self._looking.cancel()
        if self._bell is not None:
            if loop is not None:
                loop.remove_reader(self._bell[0])
            for end in self._bell:
                end.close()
            self._bell = None


def _show_counters() -> dict[str, Any]:
    # Those of lost connections are among them: their jobs go on.
    return counters.show(held.since for reservation in heartbeat.watched() for held in [*reservation.held])
