"""Workers that take jobs from two queues and listen to broadcasts, as another project's app may have it."""

from __future__ import annotations

import pytest
from kombu import Exchange

from transport_lab import POOLS, Lab, Worker, until

NEWS = "news"
#: The routing key that Celery gives a queue without one, and where kombu then publishes.
KEY = "celery"
TOPIC = f"/3.{NEWS}/{KEY}"


@pytest.fixture(autouse=True)
def app_with_broadcasts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FOREIGN_BROADCAST", NEWS)


def tell(lab: Lab, number: int, listeners: int) -> None:
    """Have each worker do one job that takes no time."""
    exchange = Exchange(NEWS, type="fanout")
    lab.send("work", range(number, number + 1), exchange=exchange, routing_key=KEY, declare=[exchange])
    until(lambda: lab.noted("done")[number] == listeners, "all have done it")


def ready(lab: Lab, *workers: Worker) -> None:
    """Wait until the workers consume, and listen."""
    lab.ready(*workers)
    until(lambda: lab.broker_client.publish(TOPIC, "") == len(workers), "listeners")


@pytest.mark.parametrize("pool", POOLS)
def test_broadcasts_and_jobs_come_to_idle_workers(lab: Lab, pool: str) -> None:
    workers = [lab.worker(pool, acks=acks) for acks in ("late", "early")]
    ready(lab, *workers)
    tell(lab, 0, listeners=2)
    lab.send("work", range(1, 20))
    lab.send("work", range(20, 40), queue="other")
    tell(lab, 40, listeners=2)
    lab.all_done()
    assert lab.noted("done") == {number: 2 if number in (0, 40) else 1 for number in range(41)}
    assert [worker.shut_down() for worker in workers] == [0, 0]
    assert not any("Traceback" in worker.log.read_text() for worker in workers)


@pytest.mark.parametrize("pool", [pool for pool in POOLS if POOLS[pool] > 1])
def test_a_broadcast_takes_no_job_from_a_worker_that_is_killed_then(lab: Lab, pool: str) -> None:
    worker = lab.worker(pool)
    ready(lab, worker)
    lab.send("hold", range(1))
    until(lambda: lab.noted("started")[0] == 1, "a job is in hand")
    tell(lab, 1, listeners=1)
    lab.send("work", range(2, 3), queue="other")
    until(lambda: lab.noted("done")[2] and lab.reserved_by(worker) <= 1, "acknowledgements have left")
    assert lab.reserved_by(worker) == 1
    worker.kill()
    heir = lab.worker(pool)
    lab.records.set("release", 1)
    lab.ready(heir)
    lab.all_done()
    assert lab.noted("done")[0] == 1
