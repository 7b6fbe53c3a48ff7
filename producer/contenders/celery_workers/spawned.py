"""Celery workers that the lab starts itself: one or more on a queue that nobody else consumes."""

from __future__ import annotations

import contextlib
import time
import uuid
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from celery import Celery

from producer.contenders.celery_workers.process import STOP_S, Surroundings, WorkerProcess
from producer.contenders.celery_workers.send import SENDER, publisher
from producer.contenders.exchange import Publish, belongs, run_over_broker, warm_up_jobs
from producer.contenders.protocol import Outcome, Progress
from producer.contenders.sender import Sender
from producer.contenders.spec import Spec
from producer.system.broker import Broker
from producer.system.client import connect
from producer.system.exits import last_words
from producer.system.machine import cores
from producer.system.reaper import Reaper
from producer.workloads.calls import Calls
from worker.errors import ContenderError, SimulError
from worker.jobs import Job
from worker.pools import pool
from worker.settings import TRANSPORTS

#: How often all are warmed up for each worker, as long as it is not known that each has done something.
WARM_UPS = 10


class SpawnedWorkers:
    """The contender protocol over workers that share a queue of their own."""

    def __init__(
        self,
        spec: Spec,
        broker: Broker,
        app: Celery,
        data_root: Path,
        reaper: Reaper,
        transport: str = TRANSPORTS[0],
        variables: Mapping[str, str] | None = None,
    ) -> None:
        """`variables` are set in the environment of each."""
        assert spec.celery_pool
        self.spec = spec
        self._pool = spec.celery_pool
        self._around = Surroundings(broker, app, data_root, reaper, transport, variables or {})
        self._workers: list[WorkerProcess] = []
        self._queue = ""
        self._event_loop: str | None = None
        self._sender: Sender | None = None

    @property
    def slots(self) -> int:
        """Jobs that they can do at the same time."""
        return self.spec.total_slots

    def start(self) -> None:
        """Start the workers, wait until they are ready, have each slot do a job, and ask them what they are.

        Raises:
            ContenderError: one did not become ready; the text ends with the end of its log.
        """
        transport = self.spec.option("transport") or self._around.transport
        if self.spec.python and (why := self.spec.python.too_old_for(transport)):
            raise ContenderError(why)
        # A queue and names that no other worker has, and that no message of an earlier life waits in.
        life = uuid.uuid4().hex[:8]
        self._queue = f"{pool(self._pool).queue}.{life}"
        workers = list(self._make(life))
        try:
            at_once = cores()
            for first in range(0, len(workers), at_once):
                self._start_some(workers[first : first + at_once])
            self._warm_up()
            loops = {worker.ask_event_loop() for worker in self._workers}
        except SimulError:
            self.stop()
            raise
        self._event_loop = ", ".join(sorted(loop for loop in loops if loop)) or None

    def run(self, jobs: Sequence[Job], progress: Progress) -> Outcome:
        """Send the jobs, collect the records, account for all of them.

        Where a worker dies, the others are ended with the run: they would go on with its jobs in that of
        another contender.
        """
        return self.run_sent(publisher(self._around.app, self._queue), jobs, progress)

    def run_sent(self, publish: Publish, jobs: Sequence[Job], progress: Progress) -> Outcome:
        """Do the same with jobs that are sent in another way."""
        outcome = self._run(publish, jobs, progress)
        outcome.slots, outcome.workers = self.spec.total_slots, self.spec.workers
        outcome.event_loop = self._event_loop
        outcome.belongs = belongs(outcome.names, self.processes())
        death = self._death()
        if death and death not in outcome.problems:
            outcome.problems.append(death)
        if outcome.problems and not death:
            logs = " / ".join(last_words(worker.log) for worker in self._workers)
            outcome.problems.append(f"the worker's log ends: {logs}")
        hung = isinstance(jobs, Calls) and len(outcome.records) < len(jobs)
        if death or hung:  # a call that does not end may hold a slot for good
            self.stop()
        return outcome

    @property
    def sender(self) -> Sender:
        """What sends to them from a process of its own; it is started when it first sends."""
        if self._sender is None:
            around = self._around
            self._sender = Sender(SENDER, around.broker.url, self._queue, around.reaper)
        return self._sender

    @property
    def queue(self) -> str | None:
        """The queue of its own, another after each start."""
        return self._queue or None

    def processes(self) -> list[int]:
        """The workers; their children are below them."""
        return [worker.process.pid for worker in self._workers]

    def alive(self) -> bool:
        """Whether all the workers are there to run again."""
        return bool(self._workers) and not self._death()

    def break_off(self) -> None:
        """Kill the workers that another thread starts."""
        for worker in tuple(self._workers):
            worker.process.kill()

    def stop(self) -> None:
        """End the workers, all at once, and all of their process groups.

        In a broker of yours they leave no trace: they have the time for a warm shutdown. The lab's own broker
        is soon gone, and a warm shutdown takes up to five seconds (Celery's loop under gevent and eventlet
        looks up every two): there they are killed.
        """
        if self._sender:
            self._sender.stop()
            self._sender = None
        if not self._workers:
            return
        workers, self._workers = self._workers, []
        until = time.monotonic()
        if not self._around.broker.embedded:
            until += STOP_S
            for worker in workers:
                worker.ask_to_stop()
        with contextlib.closing(connect(self._around.broker.url)) as client:
            for worker in workers:
                worker.end(client, until)

    def _make(self, life: str) -> Iterator[WorkerProcess]:
        of_pool, number = f"{self._pool}-{life}", self.spec.workers
        if number == 1:
            yield WorkerProcess(self.spec, self._queue, f"{of_pool}@simul", self._around)
            return
        for place in range(1, number + 1):
            called = f"its worker {place} of {number}"
            yield WorkerProcess(self.spec, self._queue, f"{of_pool}-{place}@simul", self._around, called)

    def _start_some(self, workers: Sequence[WorkerProcess]) -> None:
        """Start workers beside each other, and wait until all are ready."""
        for worker in workers:
            worker.start()
            self._workers.append(worker)
        for worker in workers:
            worker.await_ready()

    def _warm_up(self) -> None:
        seen: set[str] = set()
        wanted = self.spec.total_slots if pool(self._pool).slot == "process" else self.spec.workers
        for _ in range(WARM_UPS * self.spec.workers):
            jobs = warm_up_jobs(self.spec.total_slots)
            outcome = self._run(publisher(self._around.app, self._queue), jobs, lambda _: None)
            if outcome.problems:
                raise ContenderError(f"{self.spec.name} did not warm up: {outcome.problems[0]}")
            seen.update(outcome.names)
            if len(seen) >= wanted:
                return

    def _run(self, publish: Publish, jobs: Sequence[Job], progress: Progress) -> Outcome:
        around = self._around
        return run_over_broker(
            *(publish, around.broker.url, jobs, progress), death=self._death, reaper=around.reaper
        )

    def deaths(self) -> list[str]:
        """Say of each worker that has ended how it did."""
        return [death for worker in tuple(self._workers) if (death := worker.death())]

    def gone(self) -> bool:
        """Whether none is left."""
        return len(self.deaths()) == len(self._workers)

    def _death(self) -> str | None:
        return next(iter(self.deaths()), None)
