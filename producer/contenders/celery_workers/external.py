"""Celery workers that somebody else has started, on this machine or on others.

How many there are and how many slots each has is asked of them, never assumed.
"""

from __future__ import annotations

import socket
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import starmap

from celery import Celery

from producer.contenders.celery_workers.asked_usage import AskedUsage
from producer.contenders.celery_workers.exchange import event_loop
from producer.contenders.celery_workers.other_function import other_function
from producer.contenders.celery_workers.replies import ASK_S, Pong, Queues, Stats, ask, impossible
from producer.contenders.celery_workers.send import SENDER, publisher
from producer.contenders.exchange import Publish, hosts, run_over_broker, warm_up_jobs
from producer.contenders.protocol import Outcome, Progress
from producer.contenders.sender import Sender
from producer.contenders.spec import Spec
from producer.system.broker import Broker
from producer.system.reaper import Reaper
from producer.words import counted
from worker.errors import ContenderError
from worker.jobs import Job
from worker.pools import pool
from worker.settings import RELIABLE_TRANSPORT

#: How long workers have to turn up, in seconds: in a lab session they boot together with the producer.
APPEAR_S = 60.0
#: How long to wait for a first worker to answer, in seconds.
NOBODY_S = 10.0
#: How long a worker that was there may take to answer before it counts as gone, in seconds.
GONE_S = 5.0

#: The most slots of all the workers of a queue: each is warmed up by a job of its own.
MOST_SLOTS = 100_000
#: Stands for all queues, where nobody knows which of them a worker consumes.
ANY_QUEUE = "*"

#: Called with the workers that answer, and how many are awaited (0: nobody said).
Awaiting = Callable[[int, int], None]


class Fleet:
    """Knows all the workers on a broker. They are asked once: a comparison keeps the same ones.

    `hosts` are names whose addresses are counted: as many workers are waited for. In Docker Compose the
    name of a service has one address for each of its containers, however it is scaled.
    """

    def __init__(
        self,
        app: Celery,
        hosts: Sequence[str] = (),
        awaiting: Awaiting = lambda *_: None,
    ) -> None:
        self._app = app
        self._hosts = hosts
        self._awaiting = awaiting
        self._queues: dict[str, dict[str, int]] | None = None
        #: What carries messages to them: "reliable", "stock" or both; None before they are asked.
        self.transport: str | None = None
        #: What is wrong with what a worker answers, by queue and worker.
        self._faults: dict[str, dict[str, str]] = {}

    def slots(self, queue: str) -> dict[str, int]:
        """Return the workers that consume a queue, and the slots of each.

        Raises:
            ContenderError: the broker went away, or a worker that may be on this queue gives an impossible
            answer.
        """
        if self._queues is None:
            self._queues = self._ask_slots(self._await_workers())
        for node, why in {**self._faults.get(ANY_QUEUE, {}), **self._faults.get(queue, {})}.items():
            raise ContenderError(impossible(node, why))
        return self._queues.get(queue, {})

    def missing(self, queue: str) -> list[str]:
        """List the workers of the queue that no longer answer; none if the broker has gone, too."""
        slots = self.slots(queue)
        try:
            # Where all answer, it takes no longer than that.
            replies = ask(self._app, "ping", Pong, GONE_S, slots)
        except ContenderError:  # the broker went away: the run says so, or the next
            return []
        return sorted(slots.keys() - replies.answers.keys())

    def _await_workers(self) -> dict[str, list[str]]:
        """Wait until all that are awaited answer and no more turn up; return the queues of each."""
        began = time.monotonic()
        before: dict[str, list[str]] = {}
        while True:
            awaited = sum(map(_addresses, self._hosts))
            replies = ask(self._app, "active_queues", Queues, ASK_S)
            now = {node: [queue.name for queue in queues] for node, queues in replies.answers.items()}
            self._awaiting(len(now), awaited)
            settled = bool(now) and now == before and len(now) >= awaited
            patience = APPEAR_S if now or awaited else NOBODY_S
            if settled or time.monotonic() - began > patience:
                self._faults[ANY_QUEUE] = replies.faults
                return now
            before = now

    def _ask_slots(self, queues: dict[str, list[str]]) -> dict[str, dict[str, int]]:
        stats = ask(self._app, "stats", Stats, ASK_S, queues)
        for node, why in stats.faults.items():
            for queue in queues[node]:
                self._faults.setdefault(queue, {})[node] = why
        transports = {reply.broker.transport for reply in stats.answers.values()}
        if transports:
            kinds = {"reliable" if name == RELIABLE_TRANSPORT else "stock" for name in transports}
            self.transport = " and ".join(sorted(kinds))
        slots: dict[str, dict[str, int]] = {}
        for node, reply in stats.answers.items():
            for queue in queues[node]:
                slots.setdefault(queue, {})[node] = reply.pool.slots
        return slots


class ExternalWorkers:
    """The contender protocol over all the workers that consume a pool's queue."""

    def __init__(
        self, spec: Spec, broker: Broker, app: Celery, fleet: Fleet, reaper: Reaper | None = None
    ) -> None:
        assert spec.celery_pool
        self.spec = spec
        self._broker = broker
        self._app = app
        self._fleet = fleet
        self._reaper = reaper
        self._pool = spec.celery_pool
        self._queue = pool(self._pool).queue
        self._event_loop: str | None = None
        self._there = False
        self._sender: Sender | None = None

    @property
    def slots(self) -> int:
        """Jobs that they can do at the same time, once they have been asked."""
        return self.spec.total_slots

    def deaths(self) -> list[str]:
        """Say of each that answers no more that it does not."""
        return [f"{node} answers no more" for node in self._fleet.missing(self._queue)]

    def gone(self) -> bool:
        """Tell that some may be there: only a long silence says that there are none."""
        return False

    def start(self) -> None:
        """Find out which workers are there; `spec` says so from then on.

        Raises:
            ContenderError: no worker consumes the queue, or they are unequal.
        """
        slots = self._fleet.slots(self._queue)
        if not slots:
            raise ContenderError(
                f"no worker consumes {self._queue} (ask the workers): start one with "
                f"`simul worker --pool {self.spec.celery_pool}` (and with the same --job); in the lab, "
                "`docker compose run --rm producer` takes the place of `simul`"
            )
        if len(set(slots.values())) > 1:
            raise ContenderError(f"the workers on {self._queue} differ in slots: {slots}; start equal ones")
        self.spec = replace(self.spec, slots=min(slots.values()), workers=len(slots))
        if self.spec.total_slots > MOST_SLOTS:
            raise ContenderError(
                f"the workers on {self._queue} claim {self.spec.total_slots:,} slots (ask the workers), more "
                f"than {MOST_SLOTS:,}: stop who claims too many"
            )
        self._event_loop = event_loop(self._app, self._pool, list(slots))
        outcome = self.run(warm_up_jobs(self.spec.total_slots), lambda _: None)
        if outcome.problems:
            raise ContenderError(f"{self.spec.name} did not warm up: {outcome.problems[0]}")
        self._there = True

    def run(self, jobs: Sequence[Job], progress: Progress) -> Outcome:
        """Send the jobs, collect the records, account for all of them; ask the workers what they use."""
        return self.run_sent(publisher(self._app, self._queue), jobs, progress)

    def run_sent(self, publish: Publish, jobs: Sequence[Job], progress: Progress) -> Outcome:
        """Do the same with jobs that are sent in another way."""
        asked = AskedUsage(self._app, self._fleet.slots(self._queue))
        with asked.watch():
            outcome = run_over_broker(
                *(publish, self._broker.url, jobs, progress),
                death=lambda: None,
                reaper=self._reaper,
            )
        outcome.used = asked.usage()
        outcome.problems += starmap(impossible, asked.faults.items())
        outcome.slots = self.spec.total_slots
        outcome.event_loop = self._event_loop
        if (there := len(hosts(outcome.names))) > self.spec.workers:
            outcome.problems.append(
                f"{there} hosts did jobs, more than the {counted(self.spec.workers, 'worker')} "
                "of the start: compare again"
            )
        if gone := self._fleet.missing(self._queue):
            outcome.problems.append(
                f"{len(gone)} of {counted(self.spec.workers, 'worker')} answered no more afterwards "
                f"({', '.join(gone)}): start what is missing, and compare again"
            )
        if why := other_function(jobs, outcome.records, self._pool):
            outcome.problems.insert(0, why)
        outcome.workers = self.spec.workers  # those on one host have its name alone in their records
        return outcome

    @property
    def sender(self) -> Sender:
        """What sends to them from a process of its own; it is started when it first sends."""
        if self._sender is None:
            assert self._reaper
            self._sender = Sender(SENDER, self._broker.url, self._queue, self._reaper)
        return self._sender

    @property
    def queue(self) -> str:
        """The queue of the pool."""
        return self._queue

    def processes(self) -> list[int]:
        """Return none: the processes may be in other containers, or on other machines."""
        return []

    def alive(self) -> bool:
        """Tell whether they were there at the start; after that, others look after them."""
        return self._there

    def break_off(self) -> None:
        """Do nothing: no other thread starts these."""

    def stop(self) -> None:
        """End what sends to them; who started them stops them."""
        if self._sender:
            self._sender.stop()
            self._sender = None


def _addresses(host: str) -> int:
    try:
        return len({address[4][0] for address in socket.getaddrinfo(host, None, socket.AF_INET)})
    except socket.gaierror:  # no container has this name
        return 0
