"""kombu's own Redis transport, but for two things.

What is no envelope does not end the worker, and what a dead worker has left comes back in every pool.

`broker_transport = "worker.transport.stock:Transport"`. It takes, acknowledges and restores as kombu does.
"""

from __future__ import annotations

from queue import Empty
from typing import Any

from kombu.transport import redis as stock
from kombu.utils.encoding import bytes_to_str

from worker.transport.envelope import envelope


class Channel(stock.Channel):
    """A channel that can deliver whatever it pops."""

    def _brpop_read(self, **options: Any) -> bool:
        # kombu calls it when the answer to a BRPOP is there. Its own parses what it has popped unguarded.
        try:
            popped = self._popped(**options)
            if not popped:
                raise Empty
            queue = bytes_to_str(popped[0]).rsplit(self.sep, 1)[0]
            self._queue_cycle.rotate(queue)
            self.connection._deliver(envelope(popped[1], queue, self), queue)
        finally:
            self._in_poll = None
            self._flush_brpop_reauth()
        return True

    def _popped(self, **options: Any) -> Any:
        connection = self.client.connection
        try:
            return self.client.parse_response(connection, "BRPOP", **options)
        except self.connection_errors:
            connection.disconnect()  # so that the next question is asked on a new one
            raise


class Transport(stock.Transport):
    """kombu's Redis transport with such channels."""

    Channel = Channel
    #: How long Redis may keep a BRPOP waiting, in seconds: longer than the two for which Celery waits for an
    #: answer where it has no hub (gevent, eventlet). There, kombu looks for what dead workers have left when
    #: no answer has come in that time; it asks for one second, and an answer always comes (kombu issue 1025).
    brpop_timeout = 3
