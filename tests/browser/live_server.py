"""A server of canned events, with the page and policy of the real one: tests decide what is sent and when."""

from __future__ import annotations

import json
import queue
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from producer.lesson.offer import offer_lessons
from producer.live.page.document import write_document
from worker.settings import PROJECT_DATA

CONTENDERS = [
    "serial",
    "threads",
    "asyncio",
    "processes",
    "celery:gevent",
    "celery:asyncio",
    "celery:threads",
]
LESSONS = list(offer_lessons(PROJECT_DATA))
REPORT = "<!doctype html><title>report</title><h1>What was measured</h1>"


class LiveServer:
    """Serves the page, `snapshot` first and then whatever is sent; takes down what is asked of it."""

    def __init__(self) -> None:
        self.runs: list[dict[str, Any]] = []
        self.moves: dict[str, dict[str, list[Any]]] = {}
        self.queue: list[dict[str, Any]] = []
        self.own: str | None = None
        self.workers: list[dict[str, Any]] = []
        self.contenders = list(CONTENDERS)
        self.lessons = LESSONS
        self.document = write_document()
        #: Path, Authorization and JSON of each request.
        self.posts: queue.Queue[tuple[str, str | None, Any]] = queue.Queue()
        #: How the next requests are answered.
        self.answer: tuple[int, dict[str, Any]] = (201, {"id": "0123456789ab", "place": 0})
        #: While it is closed, nobody gets a stream.
        self.open = threading.Event()
        self.open.set()
        self._streams: list[queue.Queue[bytes | None]] = []
        self._lock = threading.Lock()
        self._http = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._http.daemon_threads = True
        self.address = f"http://127.0.0.1:{self._http.server_address[1]}/"
        self._thread = threading.Thread(target=self._http.serve_forever, kwargs={"poll_interval": 0.05})
        self._thread.start()

    def send(self, name: str, data: Any) -> None:
        """Send an event to every browser that is connected."""
        with self._lock:
            for stream in self._streams:
                stream.put(_event(name, data))

    def drop(self) -> None:
        """End every stream."""
        with self._lock:
            for stream in self._streams:
                stream.put(None)

    def close(self) -> None:
        """End everything."""
        self.drop()
        self._http.shutdown()
        self._http.server_close()
        self._thread.join()

    def snapshot(self) -> dict[str, Any]:
        """Return what a browser gets first."""
        return {
            "runs": self.runs,
            "moves": self.moves,
            "queue": self.queue,
            "own": self.own,
            "broker": {"up": True, "says": ""},
            "workers": {"answering": self.workers},
            "depths": {},
            "contenders": self.contenders,
            "lessons": self.lessons,
        }

    def stream(self) -> Iterator[bytes]:
        """Yield the events of one browser, until its stream is dropped."""
        mine: queue.Queue[bytes | None] = queue.Queue()
        with self._lock:
            self._streams.append(mine)
            mine.put(b"retry: 100\n\n" + _event("snapshot", self.snapshot()))
        try:
            while (event := mine.get()) is not None:
                yield event
        finally:
            with self._lock:
                self._streams.remove(mine)

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        live = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                if self.path == "/":
                    self._answer(
                        200, "text/html; charset=utf-8", live.document.html.encode(), live.document.policy
                    )
                elif self.path.startswith("/reports/"):
                    self._answer(200, "text/html; charset=utf-8", REPORT.encode(), "default-src 'none'")
                elif self.path == "/events" and live.open.is_set():
                    self.send_response(200)
                    self.send_header("Content-Type", "text/event-stream")
                    self.end_headers()
                    try:
                        for event in live.stream():
                            self.wfile.write(event)
                    except OSError:
                        pass  # the browser has gone
                else:
                    self._answer(503, "text/plain", b"")

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                live.posts.put((self.path, self.headers.get("Authorization"), json.loads(body)))
                status, answer = live.answer
                self._answer(status, "application/json", json.dumps(answer).encode())

            def _answer(
                self, status: int, kind: str, body: bytes, policy: str = "default-src 'none'"
            ) -> None:
                self.send_response(status)
                self.send_header("Content-Type", kind)
                self.send_header("Content-Security-Policy", policy)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: Any) -> None:
                """Say nothing."""

        return Handler


@contextmanager
def serving() -> Iterator[LiveServer]:
    """A server, as long as it is needed."""
    server = LiveServer()
    try:
        yield server
    finally:
        server.close()


def _event(name: str, data: Any) -> bytes:
    return f"event: {name}\ndata: {json.dumps(data)}\n\n".encode()
