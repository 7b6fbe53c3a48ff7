"""What thousands of tasks in a worker's hands cost the short jobs, the server, a rescue and a shutdown.

pytest -m bench tests/bench/test_held.py -s

BENCH_HELD says how many tasks wait for their time in the hands of a worker (with threads), and BENCH_SHORT
how many short jobs it does beside them. With kombu's transport, then with ours; of ours also what follows.
"""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path
from threading import Event, Thread
from typing import Any

import pytest

from transport_lab import RELIABLE, Lab, Server, Worker, laboratory, until

pytestmark = pytest.mark.bench

HELD = int(os.environ.get("BENCH_HELD", "20000"))
SHORT = int(os.environ.get("BENCH_SHORT", "3000"))
#: No script may take longer, in ms.
LONGEST_MS = 5.0


class Watch:
    """How long another client waits for the server meanwhile."""

    def __init__(self, lab: Lab) -> None:
        self._client = lab.server.client(5)
        self._ended = Event()
        self.longest_ms = 0.0
        self._client.config_resetstat()
        self._client.config_set("slowlog-log-slower-than", 1000)
        self._client.config_set("slowlog-max-len", 10_000)
        self._client.slowlog_reset()
        self._thread = Thread(target=self._ping)
        self._thread.start()

    def _ping(self) -> None:
        while not self._ended.wait(0.005):
            began = time.perf_counter()
            self._client.ping()
            self.longest_ms = max(self.longest_ms, (time.perf_counter() - began) * 1000)

    def end(self) -> float:
        """Return the time of the slowest script, in ms (0.0 where none took 1 ms)."""
        self._ended.set()
        self._thread.join()
        entries: Any = self._client.slowlog_get(10_000)
        scripts = [
            e["duration"] / 1000 for e in entries if e["command"].upper().startswith((b"EVAL", b"LREM"))
        ]
        return max(scripts, default=0.0)


def hold(lab: Lab, worker: Worker) -> None:
    """Send tasks that wait an hour, until the worker has them all."""
    lab.send("work", range(1_000_000, 1_000_000 + HELD), countdown=3600)
    until(lambda: not lab.queued(), "all are taken", every_s=0.2)
    lab.ready(worker)


def rate(lab: Lab, first: int) -> float:
    """Short jobs done in a second."""
    done = lab.records.llen("done")
    lab.send("pong", range(first, first + SHORT))
    began = time.perf_counter()
    until(lambda: lab.records.llen("done") >= done + SHORT, "all are done", every_s=0.01)
    return SHORT / (time.perf_counter() - began)


@pytest.mark.parametrize("transport", ["", RELIABLE])
def test_short_jobs_beside_thousands_that_wait(server: Server, tmp_path: Path, transport: str) -> None:
    with laboratory(server, tmp_path, transport=transport, options={"lease": 1.0}) as lab:
        worker = lab.worker("threads")
        lab.ready(worker)
        rate(lab, 0)  # to warm up
        free = rate(lab, SHORT)
        hold(lab, worker)
        watch = Watch(lab)
        beside = rate(lab, 2 * SHORT)
        slowest_ms = watch.end()
        print(
            f"\n{transport or 'kombu'}: {free:,.0f} short jobs/s; beside {HELD:,} held {beside:,.0f} "
            f"({beside / free:.2f}); slowest command {slowest_ms:.1f} ms, "
            f"ping at most {watch.longest_ms:.1f} ms"
        )
        if transport:
            rescue(lab, worker)


def rescue(lab: Lab, victim: Worker) -> None:
    """Kill it, have another rescue what it held, and shut that one down."""
    heir = lab.worker("threads")
    lab.ready(heir)
    watch = Watch(lab)
    victim.kill()
    began = time.perf_counter()
    until(lambda: lab.reserved_by(heir) >= HELD, "all are in other hands", every_s=0.2)
    took_s = time.perf_counter() - began
    slowest_ms = watch.end()
    print(
        f"killed: all in other hands after {took_s:.1f} s, a lease of 1 s included; "
        f"slowest script {slowest_ms:.1f} ms, ping at most {watch.longest_ms:.1f} ms"
    )
    watch = Watch(lab)
    began = time.perf_counter()
    heir.signal(signal.SIGTERM)
    heir.process.wait(120)
    took_s = time.perf_counter() - began
    slowest_here_ms = watch.end()
    print(f"SIGTERM: ended after {took_s:.1f} s; slowest script {slowest_here_ms:.1f} ms")
    assert lab.queued() == HELD
    assert max(slowest_ms, slowest_here_ms) < LONGEST_MS, "a script took too long"
