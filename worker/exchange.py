"""Exchanges messages through one bounded buffer (the course's "Marsh Wintercress").

A producer waits a little for each of its numbers, as for a sensor or a network, and puts it into the buffer;
where that is full, it waits until there is room. A consumer takes what lies there, and adds it up. How they
wait for each other is in `bounded_buffer`.

The twins differ in who takes turns: threads of this process (greenlets where threading is patched), or tasks
of the running event loop. Which consumer gets a message differs from run to run; so the answer has nothing
of that, and is the same in every way. The time is looked at with every message; an exchange that is broken
off leaves no thread and no task.
"""

from __future__ import annotations

import random
import threading
import time
import zlib
from collections.abc import Callable, Iterator, Sequence

from worker.answers import Exchanged
from worker.bounded_buffer import AsyncBuffer, Buffer, Message
from worker.deadline import UNLIMITED, Deadline
from worker.jobs import Exchange


def exchange(
    job: Exchange, sleep: Callable[[float], object] | None = None, until: Deadline = UNLIMITED
) -> Exchanged:
    """Exchange the messages between threads that live as long as the job; `sleep` takes seconds."""
    # Looked up only now: gevent and eventlet replace time.sleep, perhaps after this module was loaded.
    pause = sleep or time.sleep
    buffer = Buffer(job.capacity, until)
    tallies = [Tally() for _ in range(job.consumers)]

    def produce(producer: int) -> None:
        for message in messages(job, producer):
            pause(job.pause_ms / 1000)
            buffer.put(message)

    def consume(consumer: int) -> None:
        while (message := buffer.take()) is not None:
            tallies[consumer].add(message)

    producers = [threading.Thread(target=buffer.work, args=(produce, i)) for i in range(job.producers)]
    consumers = [threading.Thread(target=buffer.work, args=(consume, i)) for i in range(job.consumers)]
    started = []
    try:
        for thread in consumers + producers:
            thread.start()
            started.append(thread)
        for thread in producers:
            thread.join()
        buffer.close()
    except BaseException as error:  # no more threads to be had, or an interrupt: nobody may go on
        buffer.break_off(error)
        raise
    finally:
        for thread in started:
            thread.join()
    if buffer.failure is not None:
        raise buffer.failure
    return sum_up(tallies)


async def exchange_async(job: Exchange, until: Deadline = UNLIMITED) -> Exchanged:
    """Exchange the same messages between tasks of the running loop, awaiting where threads would wait."""
    import asyncio  # not at the top: a worker without an event loop needs no asyncio

    buffer = AsyncBuffer(job.capacity, until)
    tallies = [Tally() for _ in range(job.consumers)]

    async def produce(producer: int) -> None:
        for message in messages(job, producer):
            await asyncio.sleep(job.pause_ms / 1000)
            await buffer.put(message)

    async def consume(consumer: int) -> None:
        while (message := await buffer.take()) is not None:
            tallies[consumer].add(message)

    try:
        async with asyncio.TaskGroup() as group:  # the first failure cancels all the others
            for i in range(job.consumers):
                group.create_task(consume(i))
            await asyncio.wait([group.create_task(produce(i)) for i in range(job.producers)])
            await buffer.close()
    except ExceptionGroup as failures:
        raise failures.exceptions[0] from None
    return sum_up(tallies)


def messages(job: Exchange, producer: int) -> Iterator[Message]:
    """Make the messages of one producer: its numbers follow from the job's seed, on every machine."""
    rng = random.Random(f"{job.seed} {producer}")
    return ((producer, place, rng.getrandbits(32)) for place in range(job.messages))


class Tally:
    """What one consumer has added up, in whatever order it came."""

    def __init__(self) -> None:
        self.count = self.total = self.checksum = 0

    def add(self, message: Message) -> None:
        """Count the message, its number, and what proves that nobody has changed or doubled it."""
        self.count += 1
        self.total += message[2]
        self.checksum += zlib.crc32(repr(message).encode())


def sum_up(tallies: Sequence[Tally]) -> Exchanged:
    """Add up all consumers: no matter which of them got what."""
    return Exchanged(
        count=sum(tally.count for tally in tallies),
        total=sum(tally.total for tally in tallies),
        checksum=sum(tally.checksum for tally in tallies),
    )
