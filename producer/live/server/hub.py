"""Fans out to the browsers: one encoding for all of them, and nobody is waited for."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Iterator

import msgspec
from starlette.types import Receive, Send

#: What happens is gathered for so long before all browsers get it, in seconds.
GATHER_S = 0.2
#: So often browsers hear that the server is there, in seconds.
BEAT_S = 5.0
#: Browsers at the same time, and the bytes that one may be behind before it is dropped. It comes again by
#: itself, and begins with all that is shown.
MOST_BROWSERS, MOST_BEHIND = 200, 8 * 1024 * 1024
#: Where browsers look again when they are cut off, in milliseconds.
RETRY = b"retry: 1000\n\n"


def encode(name: str, data: object) -> bytes:
    """Encode a server-sent event."""
    return b"event: %s\ndata: %s\n\n" % (name.encode(), msgspec.json.encode(data))


class Browser:
    """One that listens: what it has not got yet."""

    def __init__(self) -> None:
        self._chunks: list[bytes] = []
        self._behind = 0
        self._news = asyncio.Event()
        self._closed = False
        #: Set where it is too slow, or the server ends at once.
        self.dropped = asyncio.Event()

    def give(self, chunk: bytes) -> None:
        """Give it something to read, or drop it where it is too far behind."""
        self._behind += len(chunk)
        self._chunks.append(chunk)
        self._news.set()
        if self._behind > MOST_BEHIND:
            self._chunks.clear()
            self.dropped.set()

    def close(self) -> None:
        """End after what it has not got yet."""
        self._closed = True
        self._news.set()

    async def read(self) -> AsyncIterator[bytes]:
        """Yield what there is, as it comes."""
        while True:
            await self._news.wait()
            self._news.clear()
            chunk = b"".join(self._chunks)
            self._chunks.clear()
            if chunk:
                yield chunk
                self._behind -= len(chunk)
            if self._closed and not self._chunks:
                return


class Hub:
    """The browsers that listen."""

    def __init__(self, snapshot: Callable[[], object]) -> None:
        self._snapshot = snapshot
        self._browsers: set[Browser] = set()
        self._pending: list[bytes] = []
        self._timer: asyncio.TimerHandle | None = None
        #: All that is shown, encoded; None where something has happened since.
        self._encoded: bytes | None = None

    def __len__(self) -> int:
        return len(self._browsers)

    @property
    def full(self) -> bool:
        """Whether no more browsers are let in."""
        return len(self) >= MOST_BROWSERS

    def publish(self, name: str, data: object) -> None:
        """Send an event to all, soon. What it tells of has happened: a snapshot from now on shows it."""
        self._encoded = None
        if self._browsers:
            self._pending.append(encode(name, data))
            if self._timer is None:
                self._timer = asyncio.get_running_loop().call_later(GATHER_S, self._flush)

    async def beat(self) -> None:
        """Let browsers hear that the server is there, for ever."""
        beat = encode("beat", {})
        while True:
            await asyncio.sleep(BEAT_S)
            for browser in self._browsers:
                browser.give(beat)

    def close(self) -> None:
        """End all the streams."""
        self._flush()
        for browser in self._browsers:
            browser.close()

    async def stream(self, receive: Receive, send: Send) -> None:
        """Answer a request with all that is shown, and then with what happens, for as long as it is read."""
        headers = [(b"content-type", b"text/event-stream; charset=utf-8")]
        with self._listening() as browser:
            ways = {
                asyncio.create_task(self._write(browser, headers, send)),
                asyncio.create_task(browser.dropped.wait()),
                asyncio.create_task(_gone(receive)),
            }
            try:
                await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
            finally:
                for way in ways:
                    way.cancel()
                await asyncio.gather(*ways, return_exceptions=True)

    async def _write(self, browser: Browser, headers: list[tuple[bytes, bytes]], send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        async for chunk in browser.read():
            await send({"type": "http.response.body", "body": chunk, "more_body": True})
        await send({"type": "http.response.body", "body": b""})

    @contextlib.contextmanager
    def _listening(self) -> Iterator[Browser]:
        self._flush()
        if self._encoded is None:
            self._encoded = encode("snapshot", self._snapshot())
        browser = Browser()
        browser.give(RETRY + self._encoded)
        self._browsers.add(browser)
        try:
            yield browser
        finally:
            self._browsers.discard(browser)

    def _flush(self) -> None:
        if self._timer:
            self._timer.cancel()
            self._timer = None
        if self._pending:
            chunk = b"".join(self._pending)
            self._pending.clear()
            for browser in self._browsers:
                browser.give(chunk)


async def _gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
