"""An exchange loses no message, ends when it is broken off, and leaves neither a thread nor a task."""

from __future__ import annotations

import asyncio
import random
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from producer.workloads import WORKLOADS, build
from worker import exchange
from worker.answers import Exchanged
from worker.bounded_buffer import AsyncBuffer, Buffer
from worker.deadline import Deadline
from worker.errors import TimeLimitError
from worker.exchange import Tally, messages
from worker.jobs import Exchange, wait_s
from worker.perform import perform
from worker.settings import PROJECT, PROJECT_DATA

JOB = Exchange(seed=2026, producers=4, consumers=3, messages=25, capacity=2, pause_ms=0.1)


@pytest.fixture(autouse=True)
def no_thread_left() -> Iterator[None]:
    before = set(threading.enumerate())
    yield
    assert set(threading.enumerate()) <= before


def expected(job: Exchange) -> Exchanged:
    """What one consumer adds up that gets the messages of one producer after the other."""
    tally = Tally()
    for producer in range(job.producers):
        for message in messages(job, producer):
            tally.add(message)
    return Exchanged(tally.count, tally.total, tally.checksum)


@pytest.mark.parametrize("capacity", [1, 2, 1000])
@pytest.mark.parametrize(("producers", "consumers"), [(1, 1), (1, 16), (16, 1), (5, 4)])
def test_every_message_arrives_once_in_both_twins(capacity: int, producers: int, consumers: int) -> None:
    job = Exchange(7, producers, consumers, messages=20, capacity=capacity, pause_ms=0)
    assert exchange.exchange(job) == expected(job)
    assert asyncio.run(exchange.exchange_async(job)) == expected(job)
    assert expected(job).count == producers * 20


def test_the_answer_does_not_depend_on_who_comes_first() -> None:
    rng = random.Random(3)

    def dawdle(_: float) -> None:
        time.sleep(rng.uniform(0, 0.002))

    assert exchange.exchange(JOB, sleep=dawdle) == expected(JOB)


def test_a_message_that_is_lost_doubled_or_changed_shows_in_the_checksum() -> None:
    first, second = [*messages(JOB, 0)][:2]
    sums = []
    for got in ([first, second], [first], [first, second, second], [first, (0, 1, second[2] + 1)]):
        tally = Tally()
        for message in got:
            tally.add(message)
        sums.append(tally.checksum)
    assert len(set(sums)) == 4


def test_producers_wait_beside_each_other() -> None:
    job = replace(JOB, producers=16, messages=4, pause_ms=50)
    assert wait_s(job) == pytest.approx(0.2)
    at_once, most, lock = 0, 0, threading.Lock()

    def count(seconds: float) -> None:
        nonlocal at_once, most
        with lock:
            at_once += 1
            most = max(most, at_once)
        time.sleep(seconds)
        with lock:
            at_once -= 1

    exchange.exchange(job, sleep=count)
    assert most > 1


@pytest.mark.parametrize("messages_each", [1000])
def test_an_exchange_that_takes_too_long_ends_with_all_its_threads(messages_each: int) -> None:
    job = Exchange(1, 8, 8, messages_each, capacity=1, pause_ms=20)
    with pytest.raises(TimeLimitError, match=r"not done within 0\.1 s"):
        exchange.exchange(job, until=Deadline(0.1))


def test_an_exchange_that_takes_too_long_ends_with_all_its_tasks() -> None:
    job = Exchange(1, 8, 8, 1000, capacity=1, pause_ms=20)

    async def run() -> set[Any]:
        with pytest.raises(TimeLimitError, match=r"not done within 0\.1 s"):
            await exchange.exchange_async(job, Deadline(0.1))
        return asyncio.all_tasks() - {asyncio.current_task()}

    assert asyncio.run(run()) == set()


def test_a_failure_of_one_thread_ends_the_exchange_and_is_told() -> None:
    def fail(_: float) -> None:
        raise OSError("the sensor is gone")

    with pytest.raises(OSError, match="the sensor is gone"):
        exchange.exchange(JOB, sleep=fail)


def test_where_no_thread_is_to_be_had_those_that_are_there_end(monkeypatch: pytest.MonkeyPatch) -> None:
    start, begun = threading.Thread.start, 0

    def refuse(thread: threading.Thread) -> None:
        nonlocal begun
        begun += 1
        if begun > 4:
            raise RuntimeError("can't start new thread")
        start(thread)

    monkeypatch.setattr(threading.Thread, "start", refuse)
    with pytest.raises(RuntimeError, match="can't start new thread"):
        exchange.exchange(JOB)


def test_nobody_asks_again_and_again_whether_there_is_something(monkeypatch: pytest.MonkeyPatch) -> None:
    # A wait without a time: whoever waits is woken, and uses no processor until then.
    timeouts: list[float | None] = []
    wait = threading.Condition.wait

    def watched(condition: threading.Condition, timeout: float | None = None) -> bool:
        timeouts.append(timeout)
        return wait(condition, timeout)

    monkeypatch.setattr(threading.Condition, "wait", watched)
    exchange.exchange(replace(JOB, pause_ms=5, messages=3))
    assert timeouts
    assert set(timeouts) == {None}


def test_a_full_buffer_takes_no_more_until_something_is_taken() -> None:
    buffer = Buffer(1, Deadline())
    buffer.put((0, 0, 1))
    second = threading.Thread(target=buffer.put, args=((0, 1, 2),))
    second.start()
    assert buffer.take() == (0, 0, 1)
    assert buffer.take() == (0, 1, 2)
    second.join()
    buffer.close()
    assert buffer.take() is None


def test_a_full_buffer_keeps_a_task_waiting_too() -> None:
    async def run() -> None:
        buffer = AsyncBuffer(1, Deadline())
        await buffer.put((0, 0, 1))
        second = asyncio.create_task(buffer.put((0, 1, 2)))
        await asyncio.sleep(0)
        assert not second.done()
        assert await buffer.take() == (0, 0, 1)
        assert await buffer.take() == (0, 1, 2)
        await second
        await buffer.close()
        assert await buffer.take() is None

    asyncio.run(run())


@pytest.mark.parametrize(
    "patch",
    ["import gevent.monkey; gevent.monkey.patch_all()", "import eventlet; eventlet.monkey_patch()"],
    ids=["gevent", "eventlet"],
)
def test_under_patched_threading_the_parties_are_greenlets_of_one_thread(patch: str) -> None:
    program = (
        f"{patch}\n"
        "import os\n"
        "from worker.exchange import exchange\n"
        "from worker.jobs import Exchange\n"
        "most = []\n"
        "import time\n"
        "def pause(seconds):\n"
        "    most.append(len(os.listdir('/proc/self/task')))\n"
        "    time.sleep(seconds)\n"
        f"print(exchange({JOB!r}, pause).checksum, max(most))\n"
    )
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", program],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=True,
    )
    checksum, threads = map(int, done.stdout.split())
    assert checksum == expected(JOB).checksum
    assert threads < JOB.producers + JOB.consumers


def test_the_messages_are_summed_up() -> None:
    summary = WORKLOADS["exchange"].summary
    assert summary is not None
    jobs = build("exchange", jobs=2).jobs
    answers = [perform(job, PROJECT_DATA) for job in jobs]
    assert summary(answers).startswith("48 of 48 messages arrived, their numbers add up to ")
    assert summary([Exchanged(23, 5, 1)]) == "23 of 24 messages arrived, their numbers add up to 5"
