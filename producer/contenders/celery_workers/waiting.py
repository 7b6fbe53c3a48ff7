"""Decides how long to wait for answers, and says when no worker is there to give them."""

from __future__ import annotations

import time
from collections.abc import Callable

from celery import Celery

from producer.contenders.celery_workers.replies import ASK_S, Queues, ask
from worker.errors import ContenderError
from worker.pools import Pool

#: How long nothing may come before the workers are asked who consumes the queue, in seconds.
QUIET_S = 1.0
#: How long after that they are asked again, in seconds.
AGAIN_S = 5.0


class Waiting:
    """Waits as long as nobody consumes a pool's queue, and `patience_s` seconds after somebody does.

    A worker may well be started after its jobs were sent: they wait in the broker.
    """

    def __init__(self, app: Celery, pool: Pool, tell: Callable[[str], None], patience_s: float) -> None:
        self._app = app
        self._pool = pool
        self._tell = tell
        self._patience_s = patience_s
        self._asked = -AGAIN_S
        self._somebody = True
        self._since = 0.0

    def __call__(self, quiet_s: float) -> bool:
        """Tell whether to go on waiting after `quiet_s` seconds without a record."""
        if quiet_s >= QUIET_S and time.monotonic() - self._asked > AGAIN_S:
            self._ask()
            self._asked = time.monotonic()
        if not self._somebody:
            return True
        return min(quiet_s, time.monotonic() - self._since) <= self._patience_s

    def _ask(self) -> None:
        somebody = is_consumed(self._app, self._pool.queue)
        if somebody == self._somebody:
            return
        self._somebody, self._since = somebody, time.monotonic()
        if somebody:
            self._tell(f"a worker on {self._pool.queue} answers now")
        else:
            self._tell(
                f"no worker on {self._pool.queue} answers: the jobs wait in the broker. "
                f"Start one with `simul worker --pool {self._pool.name}`, or stop waiting with Ctrl-C"
            )


def is_consumed(app: Celery, queue: str) -> bool:
    """Tell whether a worker consumes the queue; a solo worker answers only between two jobs."""
    try:
        replies = ask(app, "active_queues", Queues, ASK_S)
    except ContenderError:  # the collector sees to a lost broker
        return False
    return any(answer.name == queue for queues in replies.answers.values() for answer in queues)
