"""Runs what browsers ask for, one at a time, each as a command in a process of its own; the others wait."""

from __future__ import annotations

import asyncio
import contextlib
import os
import secrets
import signal
import subprocess
import sys
import tempfile
import time
from collections import deque
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from producer.live.feed import ID_VARIABLE
from producer.live.server.hub import Hub
from producer.live.server.requests import Request
from producer.live.server.shown import ENDED, Shown, ended
from producer.system.exits import how_it_ended
from producer.system.inherited import inherited
from producer.system.reaper import Reaper
from worker.settings import PROJECT

#: Runs that wait, at the most.
MOST_WAITING = 10
#: How long a run that is stopped has to end its workers and to save what is done, in seconds.
STOP_S = 20.0
#: How long what a run has said last may be on its way, in seconds, and how often it is looked for.
LAST_WORD_S, LOOK_S = 1.0, 0.05
#: The settings that a run takes from the server's environment; the rest is in the request.
KEPT = frozenset(
    {
        *("SIMUL_WORKERS", "SIMUL_AWAIT", "SIMUL_TRANSPORT", "SIMUL_VISIBILITY_TIMEOUT", "SIMUL_DATA"),
        *("SIMUL_JOB_LIMIT", "SIMUL_GRACE", "SIMUL_ACKS", "SIMUL_REMOTE_CONTROL"),
    }
)
#: The command line, in a process that is started in `PROJECT`.
COMMAND = (sys.executable, "-c", "from producer.cli import main; main()")


@dataclass(slots=True)
class Asked:
    """A run that was asked for."""

    request: Request
    id: str = field(default_factory=lambda: secrets.token_hex(6))
    stopped: bool = False
    process: subprocess.Popen[bytes] | None = None


class Runs:
    """The runs that wait, and the one that goes on."""

    def __init__(self, broker_url: str, directory: Path, reaper: Reaper, shown: Shown, hub: Hub) -> None:
        """Results go to `directory`, and go with it: what is kept of a run is its report."""
        self._broker_url = broker_url
        self._directory = directory
        self._reaper = reaper
        self._shown = shown
        self._hub = hub
        self._waiting: deque[Asked] = deque()
        self._now: Asked | None = None
        self._news = asyncio.Event()

    @property
    def full(self) -> bool:
        """Whether no more can wait."""
        return len(self._waiting) >= MOST_WAITING

    def add(self, request: Request) -> tuple[str, int]:
        """Queue a run; returns its id, and how many are before it."""
        asked = Asked(request)
        place = len(self._waiting) + (self._now is not None)
        self._waiting.append(asked)
        self._tell_queue()
        self._news.set()
        return asked.id, place

    def stop(self, id_: str) -> bool:
        """End a run that waits or goes on; whether there is such a run."""
        for asked in self._waiting:
            if asked.id == id_:
                self._waiting.remove(asked)
                self._tell_queue()
                return True
        if self._now and self._now.id == id_:
            self._now.stopped = True
            self._end_soon(self._now)
            return True
        return False

    async def run(self) -> None:
        """Carry out what is asked for, for ever. Broken off, it ends the run that goes on."""
        while True:
            self._news.clear()
            while self._waiting:
                self._now = self._waiting.popleft()
                self._tell_queue()
                self._tell_own()
                try:
                    await self._carry_out(self._now)
                finally:
                    self._now = None
                    self._tell_own()
            await self._news.wait()

    async def _carry_out(self, asked: Asked) -> None:
        state = {"type": "state", "id": asked.id, **asked.request.state, "status": "starting"}
        self._show({**state, "says": "starting", "began": time.time(), "ended": None, "lanes": []})
        with tempfile.TemporaryFile() as errors:
            process = asked.process = await asyncio.to_thread(self._start, asked, errors)
            if asked.stopped:  # meanwhile
                self._end_soon(asked)
            try:
                code = await asyncio.to_thread(process.wait)
            except asyncio.CancelledError:
                await asyncio.to_thread(_end, process)
                raise
            finally:
                self._reaper.drop_process(process.pid)
                self._result(asked).unlink(missing_ok=True)
                self._answers(asked).unlink(missing_ok=True)
            await self._say_how_it_ended(asked, code, errors)

    def _end_soon(self, asked: Asked) -> None:
        """Have the process end by itself, and end it where it does not."""
        if process := asked.process:
            process.terminate()  # it alone: it ends what it has started, workers by a warm shutdown
            asyncio.get_running_loop().call_later(STOP_S, _kill, process)

    def _start(self, asked: Asked, errors: IO[bytes]) -> subprocess.Popen[bytes]:
        own = {name: value for name, value in inherited().items() if not name.startswith("SIMUL_")}
        kept = {name: value for name, value in os.environ.items() if name in KEPT}
        if kept.get("SIMUL_DATA"):
            kept["SIMUL_DATA"] = str(Path(kept["SIMUL_DATA"]).absolute())
        environment = {**own, **kept, "SIMUL_BROKER_URL": self._broker_url, ID_VARIABLE: asked.id}
        environment["COLUMNS"] = "79"  # no boxes around what it says
        measures = asked.request.arguments[0] in ("compare", "lesson")
        files = [f"--out={self._result(asked)}"] if measures else []
        if asked.request.answers is not None:
            self._answers(asked).write_text(asked.request.answers, "utf-8")
            files.append(f"--answers={self._answers(asked)}")
        return self._reaper.start(
            [*COMMAND, *asked.request.arguments, *files, "--quiet"],
            env=environment,
            cwd=PROJECT,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=errors,
        )

    def _result(self, asked: Asked) -> Path:
        return self._directory / f"compare-{asked.id}.json.gz"

    def _answers(self, asked: Asked) -> Path:
        return self._directory / f"answers-{asked.id}.toml"

    async def _say_how_it_ended(self, asked: Asked, code: int, errors: IO[bytes]) -> None:
        """Say it where the run itself has not: it was stopped too early, it failed, or it was killed."""
        until = time.monotonic() + LAST_WORD_S
        while (state := self._shown.state(asked.id)) and state["status"] not in ENDED:
            if time.monotonic() > until:
                break
            await asyncio.sleep(LOOK_S)
        if state is None:  # so many others have begun meanwhile that it is no longer shown
            return
        if asked.stopped:
            if state["status"] not in ENDED:
                self._show(ended(state, "interrupted", "stopped"))
        elif code:
            said = _last_line(errors) if code > 0 else ""  # of a signal it could say nothing
            self._show(ended(state, "failed", said or how_it_ended(code, errors)))
        elif state["status"] not in ENDED:
            self._show(ended(state, "done", "done"))

    def _show(self, state: dict[str, object]) -> None:
        self._shown.put(state)
        self._hub.publish("state", state)

    def _tell_queue(self) -> None:
        self._shown.queue = [
            {"id": asked.id, "title": asked.request.title, "names": asked.request.state["names"]}
            for asked in self._waiting
        ]
        self._hub.publish("queue", self._shown.queue)

    def _tell_own(self) -> None:
        self._shown.own = self._now.id if self._now else None
        self._hub.publish("own", self._shown.own)


def _kill(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)


def _end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(STOP_S)
    _kill(process)
    process.wait()


def _last_line(log: IO[bytes]) -> str:
    log.seek(0)
    lines = log.read().decode(errors="replace").strip().splitlines()
    return lines[-1].strip() if lines else ""
