"""Asks workers that others started what memory and CPU time they use, before, during and after a run.

Their processes may be in other containers, or on other machines, so only they can say. It is no trouble where
one does not answer (an older simul, a solo worker that is busy): what is not known is not shown. Who answers
what cannot be is named.
"""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Iterable, Iterator

from celery import Celery

from producer.contenders.celery_workers.replies import ASK_S, Used, ask
from producer.ranges import MAX_S
from producer.system.usage import Usage, WorkerUsage
from worker.errors import ContenderError

#: How often they are asked during a run, in seconds.
INTERVAL_S = 1.0
#: More cores than any machine has: nobody uses more CPU time in a second than so many.
MOST_CORES = 10_000


class AskedUsage:
    """What workers say they use over one run. `watch` asks them; `usage` is what came of it."""

    def __init__(self, app: Celery, nodes: Iterable[str]) -> None:
        self._app = app
        self._nodes = sorted(nodes)
        #: The memory that each worker named last, and the most that it has named.
        self._memory: dict[str, int] = {}
        self._peaks: dict[str, int] = {}
        #: The highest sum of what all of them used at a time.
        self._peak: int | None = None
        #: CPU time of each between the first and the last question.
        self._cpu_s: dict[str, float] = {}
        #: What is wrong with what a worker answers.
        self.faults: dict[str, str] = {}

    @contextlib.contextmanager
    def watch(self) -> Iterator[None]:
        """Ask at both ends of this context, and every second within it."""
        began, before = time.monotonic(), self._ask()
        stop = threading.Event()

        def go_on_asking() -> None:
            while not stop.wait(INTERVAL_S):
                self._ask()

        asker = threading.Thread(target=go_on_asking, name="usage", daemon=True)
        asker.start()
        try:
            yield
        finally:
            stop.set()
            asker.join()
        after = self._ask()
        for node, used in after.items():
            self._note_cpu(node, before.get(node, Used()), used, time.monotonic() - began)

    def usage(self) -> Usage:
        """Return what all of them used; a sum is None where not all have said what belongs to it."""
        if not self._peaks and not self._cpu_s:
            return Usage()
        workers = [WorkerUsage(node, self._peaks.get(node), self._cpu_s.get(node)) for node in self._nodes]
        cpu_s = sum(self._cpu_s.values())
        known = len(self._cpu_s) == len(self._nodes) and cpu_s <= MAX_S
        return Usage(self._peak, cpu_s if known else None, workers)

    def _ask(self) -> dict[str, Used]:
        try:
            replies = ask(self._app, "usage", Used, ASK_S, self._nodes)
        except ContenderError:  # the broker went away: the run says so, or the next
            return {}
        self.faults.update(replies.faults)
        for node, used in replies.answers.items():
            if used.memory_bytes is not None:
                self._memory[node] = used.memory_bytes
                self._peaks[node] = max(self._peaks.get(node, 0), used.memory_bytes)
        if len(self._memory) == len(self._nodes):
            # Of who does not answer in time, what it said last counts.
            self._peak = max(self._peak or 0, sum(self._memory.values()))
        return replies.answers

    def _note_cpu(self, node: str, before: Used, after: Used, elapsed_s: float) -> None:
        """Take down what a worker used meanwhile; nothing where it was started anew in between."""
        if before.cpu_s is None or after.cpu_s is None or before.life != after.life:
            return
        cpu_s = max(0.0, after.cpu_s - before.cpu_s)
        if cpu_s > min(MOST_CORES * elapsed_s, MAX_S):  # a result holds no more
            self.faults[node] = f"{cpu_s:,.0f} s of CPU time in {elapsed_s:.1f} s"
        else:
            self._cpu_s[node] = cpu_s
