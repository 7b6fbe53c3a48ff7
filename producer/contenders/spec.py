"""A contender as it is asked for: its way, slots, workers, options and Python."""

from __future__ import annotations

import sys
from dataclasses import dataclass

from producer.contender_name import ContenderName
from producer.contenders.peers import PEERS
from producer.contenders.pool_options import Options
from producer.contenders.ways import executor_of, scales
from producer.system.pythons import SUBINTERPRETERS, Python
from producer.workloads import Workload
from worker.pools import missing_package, pool


@dataclass(frozen=True, slots=True)
class Spec:
    """A contender as the user names it."""

    #: "threads" or "celery:gevent".
    way: str
    #: Slots of one worker (or of the design).
    slots: int
    #: Workers on the queue.
    workers: int = 1
    #: The Python it runs under; None is the lab's own.
    python: Python | None = None
    #: What else was chosen of the workers (see `pool_options`).
    options: Options = ()

    @property
    def total_slots(self) -> int:
        """Jobs that can run at the same time."""
        return self.slots * self.workers

    @property
    def celery_pool(self) -> str | None:
        """The Celery pool, or None for a design in this machine's own processes."""
        return ContenderName(self.way).celery_pool

    @property
    def name(self) -> ContenderName:
        """The name in tables and results."""
        slots = self.slots if self.workers > 1 or scales(self.way) else None
        label = self.python.label if self.python else ""
        return ContenderName(self.way, slots, self.workers, self.options, label)

    def option(self, name: str) -> str | None:
        """Return the value of an option; None where it was not chosen."""
        return dict(self.options).get(name)

    @property
    def executable(self) -> str:
        """The Python to start it with."""
        return self.python.executable if self.python else sys.executable

    def unavailable(self) -> str | None:
        """Why this contender cannot run here, or None."""
        if self.name.is_peer:
            return "peers run under the lab's own Python" if self.python else PEERS[self.way].unavailable()
        if self.python:
            return self.python.unavailable(self.way, executor_of(self.way).requires)
        if self.celery_pool:
            return pool(self.celery_pool).unavailable()
        if self.way == "interpreters" and sys.version_info < SUBINTERPRETERS:
            return (
                "concurrent.futures.InterpreterPoolExecutor came with Python 3.14; "
                f"this is {sys.version_info.major}.{sys.version_info.minor}"
            )
        return missing_package(executor_of(self.way).requires)


def unfit(spec: Spec, workload: Workload) -> str | None:
    """Say why a contender cannot do these jobs, as one measured alone has shown; None where it can."""
    facts = workload.facts
    if facts and facts.fork_trouble and spec.celery_pool == "prefork":
        return (
            "prefork forks its processes after the function's module was imported, and the function does not "
            f"survive that: {facts.fork_trouble}"
        )
    return None
