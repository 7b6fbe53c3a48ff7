"""A hundred SIGKILLs of busy workers for each pool, with an exact account of every job after each of them.

pytest -m bench tests/bench/test_transport_kills.py -s [-k solo]

With the stock transport, for comparison, the losses are counted and not asserted: it promises otherwise.
TRANSPORT_BENCH_KILLS and TRANSPORT_BENCH_STOCK_KILLS say how many.
"""

from __future__ import annotations

import os
import random
import time
from dataclasses import dataclass
from pathlib import Path

import pytest

from transport_lab import POOLS, Lab, Server, Worker, laboratory, until

pytestmark = pytest.mark.bench

KILLS = int(os.environ.get("TRANSPORT_BENCH_KILLS", "100"))
STOCK_KILLS = int(os.environ.get("TRANSPORT_BENCH_STOCK_KILLS", "30"))
#: Workers that share the queue, and are killed one after the other.
AT_ONCE = 4
#: There are never fewer messages than this where a worker is killed.
ENOUGH = 200


@dataclass
class Massacre:
    """Workers of one pool, killed at random moments of their work."""

    lab: Lab
    pool: str
    chance: random.Random
    kills: int = 0
    #: Kills at which the victim held messages.
    in_the_act: int = 0

    def go_on(self, kills: int) -> None:
        """Kill so many."""
        while self.kills < kills:
            victims = [self.lab.worker(self.pool, "-l", "INFO") for _ in range(AT_ONCE)]
            self.feed()
            self.lab.ready(*victims)
            for victim in victims[: kills - self.kills]:
                self.kill(victim)
                if self.lab.transport:
                    self.lab.nothing_is_lost()

    def kill(self, victim: Worker) -> None:
        """When others have done some jobs more, or a little later."""
        wanted = self.lab.records.llen("done") + self.chance.randrange(1, 50)

        def are_done() -> bool:
            self.feed()  # each time, as the workers may have done all of it meanwhile
            return bool(self.lab.records.llen("done") >= wanted)

        until(are_done, "jobs", every_s=0.001)
        time.sleep(self.chance.random() * 0.02)
        victim.kill()
        self.kills += 1
        self.in_the_act += self.lab.reserved_by(victim) > 0

    def feed(self) -> None:
        """Jobs of no length and of five milliseconds, so that kills come in jobs and between them."""
        if self.lab.queued() < ENOUGH:
            first = len(self.lab.sent)
            self.lab.send("pong", range(first, first + ENOUGH))
            self.lab.send("work", range(first + ENOUGH, first + ENOUGH + 50), 0.005)


@pytest.mark.parametrize("pool", POOLS)
def test_a_hundred_kills_lose_nothing(server: Server, tmp_path: Path, pool: str) -> None:
    with laboratory(server, tmp_path, options={"lease": 0.5}) as lab:
        massacre = Massacre(lab, pool, random.Random(pool))
        massacre.go_on(KILLS)
        lab.ready(lab.worker(pool))
        lab.all_done()
        again = lab.noted("done").total() - len(lab.sent)
        print(
            f"\n{pool}, reliable: {KILLS} kills ({massacre.in_the_act} of workers that held messages), "
            f"{len(lab.sent)} jobs, 0 lost, {again} done twice"
        )


@pytest.mark.parametrize("pool", POOLS)
def test_kills_with_the_stock_transport(server: Server, tmp_path: Path, pool: str) -> None:
    options = {"visibility_timeout": 5, "unacked_restore_interval": 1, "unacked_restore_throttle": 1}
    options |= {"unacked_mutex_expire": 5, "max_connections": 10_000}
    with laboratory(server, tmp_path, transport="", options=options) as lab:
        Massacre(lab, pool, random.Random(pool)).go_on(STOCK_KILLS)
        lab.ready(lab.worker(pool))
        until(lambda: not lab.account()[0], "nothing queued and nothing unacknowledged")
        done = lab.noted("done")
        lost, again = len(lab.sent - done.keys()), done.total() - len(done)
        print(f"\n{pool}, stock: {STOCK_KILLS} kills, {len(lab.sent)} jobs, {lost} lost, {again} done twice")
