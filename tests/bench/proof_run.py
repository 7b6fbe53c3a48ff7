"""One run of the long proof: jobs come in, workers are ended one after the other, and then the account."""

from __future__ import annotations

import itertools
import random
import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from typing import Any

import redis
from celery import Celery

from celery_reliable_redis import send_many
from tests.bench.proof_notes import read_notes
from tests.bench.proof_verdict import Verdict, judge
from tests.bench.proof_workers import Ending, Kill, Setting, Worker
from tests.helpers import until

#: Celery's own; whatever else is in the database is the transport's, or kombu's.
QUEUE = "celery"
#: What Celery logs of a job that has failed, which none of these should: it would look like a loss.
FAILED = b"raised unexpected"
#: There are never more messages waiting than about this, nor fewer than half of it where no rate is given.
ENOUGH = 2000
#: Seconds between two looks at how many jobs are due.
TICK_S = 0.05
#: What the dead have left is taken up, and done, within so many seconds.
DRAIN_S = 180.0


@dataclass(frozen=True)
class Plan:
    """What happens in a run."""

    tasks: int
    #: Jobs sent in a second; 0 for as many as are done.
    rate: float
    workers: int
    #: Seconds between two kills, on average.
    every_s: float
    endings: tuple[Ending, ...]
    seed: str


@dataclass
class Run:
    """Workers of one pool that share a queue, and are ended and replaced as long as jobs come in."""

    setting: Setting
    plan: Plan
    client: redis.Redis
    kills: list[Kill] = field(default_factory=list)
    seconds: float = 0.0

    def __post_init__(self) -> None:
        self._chance = random.Random(self.plan.seed)
        self._fleet: list[Worker] = []
        self._names = (f"w{number}" for number in itertools.count())
        self._stopped: list[Worker] = []

    def go(self) -> Verdict:
        """Do it all. Raises AssertionError if a worker ends by itself, or jobs stay where they are."""
        try:
            self._start(self.plan.workers)
            until(self._are_ready, "the workers are ready", 60)
            began = time.monotonic()
            with ThreadPoolExecutor(1) as executor:
                sending = executor.submit(self._send)
                self._kill_until(sending)
                sending.result()
            until(self._is_drained, "nothing waits and nothing is reserved", DRAIN_S)
            self.seconds = time.monotonic() - began
            self._stop_all()
            failed = [path for path in self.setting.directory.glob("*.log") if FAILED in path.read_bytes()]
            assert not failed, f"a job failed: {failed[0].read_text(errors='replace')[-3000:]}"
        finally:
            for worker in [*self._fleet, *self._stopped]:
                worker.kill()
        return judge(self.plan.tasks, read_notes(self.setting.directory), self.kills)

    def leftovers(self) -> list[str]:
        """Return the keys of messages that are still there, and of consumers whose workers ended in order."""
        keys: Any = self.client.keys("*")
        found = [key.decode() for key in keys if not key.startswith((b"_kombu.binding", b"reliable:"))]
        for key in keys:
            if key.startswith(b"reliable:") and key.count(b":") > 1:
                found.append(key.decode())
        # A cold end may come between a question to the server and its answer (Celery raises in its handler of
        # the signal): then the consumer is not taken off, its lease runs out.
        killed = {kill.pid for kill in self.kills if kill.killed or kill.ending == "cold"}
        consumers: Any = self.client.zrange("reliable:consumers", 0, -1)
        alive = [name.decode() for name in consumers if int(name.split(b"-")[0]) not in killed]
        return [*found, *alive]

    def _start(self, workers: int) -> None:
        self._fleet += [self.setting.start(next(self._names)) for _ in range(workers)]

    def _are_ready(self) -> bool:
        return all(worker.is_ready for worker in self._fleet)

    def _send(self) -> None:
        app = Celery("sends", broker=self.setting.broker)
        began, sent = time.monotonic(), 0
        with app:
            while sent < self.plan.tasks:
                due = min(self._due(time.monotonic() - began, sent), self.plan.tasks)
                sent += send_many("work", (((*job,), None) for job in _jobs(sent, due)), app=app)
                time.sleep(TICK_S)

    def _due(self, elapsed_s: float, sent: int) -> int:
        """Return how many jobs should have been sent by now."""
        waiting = self.client.llen(QUEUE)
        if self.plan.rate:
            return max(sent, min(int(elapsed_s * self.plan.rate), sent + ENOUGH - waiting))
        return sent + ENOUGH // 2 if waiting < ENOUGH // 2 else sent

    def _kill_until(self, sending: Future[None]) -> None:
        for ending in self._endings():
            wait([sending], self.plan.every_s * self._chance.uniform(0.5, 1.5))
            if sending.done():
                return
            for worker in self._fleet:
                code = worker.process.poll()
                assert code is None, f"{worker.name} ended by itself, with {code}:\n{worker.last_words}"
            # Not before all are there: a slow machine gets fewer kills, and not a queue that nobody works on.
            until(self._are_ready, "the workers are ready", 60)
            victim = self._chance.choice(self._fleet)
            self.kills.append(victim.end(ending))
            self._fleet.remove(victim)
            self._start(1)

    def _endings(self) -> Iterator[Ending]:
        """All of them in each round, in an order of its own."""
        while True:
            yield from self._chance.sample(self.plan.endings, len(self.plan.endings))

    def _is_drained(self) -> bool:
        keys: Any = self.client.keys("*")
        return not any(
            key == QUEUE.encode()
            or key.startswith(b"unacked")
            or (key.startswith(b"reliable:") and key.count(b":") > 1)
            for key in keys
        )

    def _stop_all(self) -> None:
        """Stop them warmly; that is no kill, unless one does not stop, and has to leave nothing."""
        until(self._are_ready, "the workers are ready", 60)
        while self._fleet:
            worker = self._fleet.pop()
            self._stopped.append(worker)
            kill = worker.end("warm")
            if kill.is_stuck:
                self.kills.append(kill)


def _jobs(first: int, end: int) -> Iterator[tuple[int, float, float]]:
    """Most take no time, some nap or compute a little, and one in a thousand naps longer than the grace."""
    for job in range(first, end):
        if job % 1000 == 500:
            yield job, 3.0, 0.0
        elif job % 20 == 0:
            yield job, 0.02, 0.0
        elif job % 50 == 1:
            yield job, 0.0, 0.002
        else:
            yield job, 0.0, 0.0
