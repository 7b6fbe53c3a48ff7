"""The peers: other task queues than Celery, over the same Redis, with the same jobs.

Each has a module of its own, written as its own documentation writes an app, and a row in the table below. A
peer's worker is one process that its own command starts; it does a job and records it as a Celery worker does
(see `job`). What cannot be had alike is said in the row.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

from worker.pools import Ends, missing_package

#: How to get all of them.
EXTRA = "uv run --extra peers simul, or pip install 'simul-lab[peers]'"


@dataclass(frozen=True, slots=True)
class Peer:
    """Another task queue, and how its worker is started."""

    name: str
    #: The module beside this one that its worker loads, and its sender; it offers what `PeerModule` says.
    module: str
    #: What Python is told, behind its own name, to start a worker; "{module}" and "{slots}" are put in.
    command: tuple[str, ...]
    #: What a slot is made of.
    slot: str
    #: The distributions that it is made of, and the packages by which they are imported.
    distributions: tuple[str, ...]
    requires: tuple[str, ...]
    #: When a message is dropped from the broker: after its job is done, or before it is begun.
    acks: Literal["late", "early"]
    #: Whether the peer keeps what a task returns.
    result_stored: bool
    #: What becomes of a job whose worker dies, in words that follow "a job whose worker dies".
    on_death: str
    #: How it is set up, as its documentation advises for throughput, and where that stands.
    setup: str
    #: What is not as it is with the others, in a sentence; empty where all is.
    unequal: str = ""
    scales: bool = True
    ends: Ends = "none"

    @property
    def package(self) -> str:
        """The full name of its module."""
        return f"{__name__}.{self.module}"

    def arguments(self, slots: int) -> Sequence[str]:
        """Make what Python is told to start a worker with so many slots."""
        return [argument.format(module=self.package, slots=slots) for argument in self.command]

    def unavailable(self) -> str | None:
        """Say why it cannot run here, and what to do; None where it can."""
        why = missing_package(self.requires)
        return f"{why}: {EXTRA}" if why else None


_ROWS = (
    Peer(
        "dramatiq",
        "dramatiq_app",
        ("-m", "dramatiq", "{module}", "--processes", "1", "--threads", "{slots}", "--skip-logging"),
        slot="thread",
        distributions=("dramatiq",),
        requires=("dramatiq",),
        acks="late",
        result_stored=False,
        on_death="is done again, when its heartbeat is a minute old and one of a thousand requests looks",
        setup=("Two messages a thread are prefetched, its default (dramatiq/worker.py)."),
        unequal=(
            "It polls: what comes into an empty queue may wait for up to a second "
            "(dramatiq_worker_timeout, its default). It imports gevent where that is installed."
        ),
    ),
    Peer(
        "taskiq",
        "taskiq_app",
        (
            *("-m", "taskiq", "worker", "{module}:broker", "--workers", "1"),
            *("--max-async-tasks", "{slots}", "--ack-type", "when_executed", "--log-level", "ERROR"),
        ),
        slot="coroutine",
        distributions=("taskiq", "taskiq-redis"),
        requires=("taskiq", "taskiq_redis", "aiofiles"),
        acks="late",
        result_stored=False,
        on_death="is done again after ten minutes, its idle_timeout, when another job comes",
        setup=(
            "A stream of which up to 100 messages are fetched at a time, its default; async tasks in "
            "the loop itself."
        ),
        unequal=("Its worker uses uvloop where that is installed."),
        ends="waiting",
    ),
    Peer(
        "huey",
        "huey_app",
        ("-m", "huey.bin.huey_consumer", "{module}.huey", "-w", "{slots}", "-k", "thread", "-q"),
        slot="thread",
        distributions=("huey",),
        requires=("huey",),
        acks="early",
        result_stored=False,
        on_death="is lost",
        setup=("Blocking reads, its default, so that no interval matters."),
        unequal=("It has no late acknowledgement. It imports gevent where that is installed."),
    ),
    Peer(
        "rq",
        "rq_app",
        ("-m", "{module}"),
        slot="process",
        distributions=("rq",),
        requires=("rq",),
        acks="late",
        result_stored=False,
        on_death="is done again by the retries that it was sent with",
        setup=(
            "A worker that forks for each job, which is what its documentation advises for "
            "production (docs/benchmark.md), with all that a job needs loaded before."
        ),
        unequal=("One job at a time."),
        scales=False,
        ends="all",
    ),
    Peer(
        "streaq",
        "streaq_app",
        ("-m", "streaq", "run", "{module}:worker"),
        slot="coroutine",
        distributions=("streaq", "coredis"),
        requires=("streaq", "coredis", "aiofiles"),
        acks="late",
        result_stored=False,
        on_death="is done again after a minute, its idle_timeout",
        setup=("As many messages are prefetched as there are slots, its default."),
        ends="waiting",
    ),
    Peer(
        "saq",
        "saq_app",
        ("-m", "saq", "{module}.settings", "-q"),
        slot="coroutine",
        distributions=("saq",),
        requires=("saq", "aiofiles"),
        acks="late",
        result_stored=False,
        on_death="is done again when its timeout is over, which has to be longer than any job",
        setup=("Blocking reads, its default."),
        ends="waiting",
    ),
)

PEERS: Mapping[str, Peer] = MappingProxyType({row.name: row for row in _ROWS})
