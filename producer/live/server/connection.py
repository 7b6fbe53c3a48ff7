"""A connection that begins its requests promptly, or is closed: uvicorn would wait for ever."""

from __future__ import annotations

import asyncio

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

#: How long the head of a request may take to arrive, in seconds: as long as connections are held that send
#: none, others are refused.
HEAD_S = 10.0


class Prompt(H11Protocol):
    """Uvicorn's connection, with a limit to how long it waits for the head of a request."""

    _limit: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin to wait for the first request."""
        super().connection_made(transport)
        self._limit = self.loop.call_later(HEAD_S, self.transport.close)

    def data_received(self, data: bytes) -> None:
        """Take what comes, and wait for what is still to come of a head."""
        super().data_received(data)
        if self.conn.their_state is not h11.IDLE:
            self._lift()
        elif self._limit is None:
            self._limit = self.loop.call_later(HEAD_S, self.transport.close)

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait no longer."""
        self._lift()
        super().connection_lost(exc)

    def _lift(self) -> None:
        if self._limit:
            self._limit.cancel()
            self._limit = None
