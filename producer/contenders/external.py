"""Celery workers that somebody else has started, on this machine or on others.

How many there are and how many slots each has is asked of them, never assumed.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from celery import Celery

from producer.broker import Broker
from producer.contenders import Outcome, Progress, Spec
from producer.over_broker import run_over_broker
from worker.errors import ContenderError
from worker.jobs import ChessMove, Job
from worker.pools import pool

#: How long workers have to turn up, in seconds: in a lab session they boot together with the producer.
APPEAR_S = 30.0
#: How long one question waits for the answers of all workers, in seconds.
ASK_S = 1.0
WARM_UP_FEN = "rnbqkbnr/pppppppp/8/8/8/8/PPPPPPPP/RNBQKBNR w KQkq - 0 1"
WARM_UP_MS = 30


class ExternalWorkers:
    """The contender protocol over all the workers that consume a pool's queue."""

    def __init__(self, spec: Spec, broker: Broker, app: Celery) -> None:
        assert spec.celery_pool
        self.spec = spec
        self._broker = broker
        self._app = app
        self._queue = pool(spec.celery_pool).queue
        self._slots: dict[str, int] = {}

    def start(self) -> None:
        """Wait for the workers and ask each for its slots; `spec` then says what was found.

        Raises:
            ContenderError: no worker consumes the queue.
        """
        deadline = time.monotonic() + APPEAR_S
        while not (found := self._ask()):
            if time.monotonic() > deadline:
                raise ContenderError(
                    f"no worker consumes {self._queue} (ask): start one with "
                    f"`simul worker --pool {self.spec.celery_pool}`, or `docker compose up`"
                )
        self._slots = found
        sizes = sorted(set(found.values()))
        self.spec = replace(self.spec, slots=sizes[0], workers=len(found))
        if len(sizes) > 1:
            raise ContenderError(f"the workers on {self._queue} differ in slots: {found}; start equal ones")
        outcome = self.run(
            [ChessMove(WARM_UP_FEN, wait_ms=WARM_UP_MS)] * self.spec.total_slots, lambda _: None
        )
        if outcome.problems:
            raise ContenderError(f"{self.spec.name} did not warm up: {outcome.problems[0]}")

    def run(self, jobs: Sequence[Job], progress: Progress) -> Outcome:
        """Send the jobs, collect the records, account for all of them."""
        outcome = run_over_broker(
            self._app, self._broker.url, self._queue, jobs, progress, death=lambda: None
        )
        outcome.slots = self.spec.total_slots
        return outcome

    def processes(self) -> list[int]:
        """None that can be seen from here: they may be in other containers, or on other machines."""
        return []

    def alive(self) -> bool:
        """Others look after them."""
        return True

    def stop(self) -> None:
        """Others started them; others stop them."""

    def _ask(self) -> dict[str, int]:
        inspect = self._app.control.inspect(timeout=ASK_S)
        queues: dict[str, list[dict[str, Any]]] = inspect.active_queues() or {}
        ours = [node for node, its in queues.items() if any(queue["name"] == self._queue for queue in its)]
        if not ours:
            return {}
        stats: dict[str, Any] = self._app.control.inspect(destination=ours, timeout=ASK_S).stats() or {}
        return {node: int(stats[node]["pool"]["max-concurrency"]) for node in ours if node in stats}
