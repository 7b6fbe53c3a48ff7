"""A live server of a test's own, started by the real command, and browsers that read its events."""

from __future__ import annotations

import contextlib
import http.client
import json
import subprocess
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.helpers import SOON_S, await_line, started

TOKEN = "a-token-of-the-tests"


class Browser:
    """Reads the events as a browser does, and knows what is shown."""

    def __init__(self, port: int) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=2 * SOON_S)
        self._connection.request("GET", "/events")
        self._answer = self._connection.getresponse()
        assert self._answer.status == 200
        assert self._answer.headers["Content-Type"].startswith("text/event-stream")
        #: Every event so far: its name and its data.
        self.events: list[tuple[str, Any]] = []
        self.runs: dict[str, dict[str, Any]] = {}
        self.moves: dict[str, dict[int, list[Any]]] = {}
        self.broker: dict[str, Any] = {}
        self.workers: dict[str, Any] = {}
        self.queue: list[dict[str, Any]] = []
        self.own: str | None = None

    def until(self, condition: Callable[[], object]) -> None:
        """Read until what is shown is so; the stream ends, or says nothing for long, where it never is."""
        while not condition():
            name, data = self._read()
            self.events.append((name, data))
            self._take(name, data)

    def read_to_the_end(self) -> None:
        """Read until the server ends the stream."""
        with contextlib.suppress(EOFError):
            self.until(lambda: False)

    def close(self) -> None:
        self._answer.close()
        self._connection.close()

    def _read(self) -> tuple[str, Any]:
        fields: dict[str, str] = {}
        while line := self._answer.readline().decode():
            if line == "\n" and "event" in fields:
                return fields["event"], json.loads(fields["data"])
            name, _, value = line.rstrip("\n").partition(": ")
            fields[name] = value
        raise EOFError

    def _take(self, name: str, data: Any) -> None:
        if name == "snapshot":
            self.runs = {run["id"]: run for run in data["runs"]}
            self.moves = {
                id_: {int(lane): moves for lane, moves in lanes.items()}
                for id_, lanes in data["moves"].items()
            }
            self.broker, self.workers = data["broker"], data["workers"]
            self.queue, self.own = data["queue"], data["own"]
        elif name == "state":
            self.runs[data["id"]] = data
        elif name == "moves":
            self.moves.setdefault(data["id"], {}).setdefault(data["lane"], []).extend(data["moves"])
        elif name in ("broker", "workers", "queue", "own"):
            setattr(self, name, data)


@dataclass
class Site:
    """A live server."""

    process: subprocess.Popen[str]
    port: int
    #: As it was printed, with the token.
    address: str
    _browsers: list[Browser] = field(default_factory=list)

    def open(self) -> Browser:
        """A browser that opens the page now."""
        browser = Browser(self.port)
        self._browsers.append(browser)
        return browser

    def get(self, path: str) -> tuple[int, str]:
        return request(self.port, "GET", path)

    def post(self, path: str, value: object = None) -> tuple[int, Any]:
        return request(self.port, "POST", path, value, {"Authorization": f"Bearer {TOKEN}"})

    def start(self, **more: Any) -> str:
        """Ask for a comparison; its id."""
        asked = {"kind": "comparison", "workloads": ["waits"], "with": ["threads@4"], "rounds": 1, **more}
        status, answer = self.post("/runs", asked)
        assert status == 201, answer
        return str(answer["id"])

    def close(self) -> None:
        for browser in self._browsers:
            browser.close()


def request(
    port: int, method: str, path: str, value: object = None, headers: Mapping[str, str] | None = None
) -> tuple[int, Any]:
    """The status and the text of an answer; what it says, where it is JSON."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=SOON_S)
    with contextlib.closing(connection):
        body = None if method == "GET" else json.dumps(value)
        connection.request(method, path, body, {"Content-Type": "application/json", **(headers or {})})
        answer = connection.getresponse()
        text = answer.read().decode()
        is_json = answer.headers["Content-Type"] == "application/json"
        return answer.status, json.loads(text) if is_json else text


@contextlib.contextmanager
def live_site(
    directory: Path, *arguments: str, environment: Mapping[str, str] | None = None, port: int = 0
) -> Iterator[Site]:
    """A server, on any free port unless one is given; nothing of it is left afterwards."""
    with started(
        *("live", "--port", str(port), *arguments),
        cwd=directory,
        environment={"SIMUL_TOKEN": TOKEN, **(environment or {})},
    ) as process:
        assert process.stdout
        address = await_line(process.stdout, "#token=").strip()
        assert address.endswith(f"/#token={TOKEN}")
        site = Site(process, int(address.partition("/#")[0].rpartition(":")[2]), address.split()[-1])
        try:
            yield site
        finally:
            site.close()
