"""Counts the primes of one segment with the sieve of Eratosthenes (the course's "Cave Betty").

A segment needs only the primes up to the root of its end, which each job finds for itself: jobs share
nothing, so they may run anywhere. Pure Python over bytearrays; memory is a block and those primes,
not the whole segment.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

from worker.answers import PrimesCounted
from worker.deadline import UNLIMITED, Deadline
from worker.jobs import Sieve

#: Numbers sieved at a time: one byte each, small enough to stay in a processor's cache.
BLOCK = 128 * 1024


def count(job: Sieve, until: Deadline = UNLIMITED) -> PrimesCounted:
    """Count the primes p with start <= p < stop."""
    return PrimesCounted(sum(_blocks(job, until)))


async def count_async(job: Sieve, until: Deadline = UNLIMITED) -> PrimesCounted:
    """Count the same, letting other tasks run after every block.

    This is cooperation, not parallelism: the count takes just as long.
    """
    from asyncio import sleep  # not at the top: a worker without an event loop needs no asyncio

    total = 0
    for primes in _blocks(job, until):
        total += primes
        await sleep(0)
    return PrimesCounted(total)


def _blocks(job: Sieve, until: Deadline) -> Iterator[int]:
    """The number of primes in each block of the segment."""
    root = math.isqrt(job.stop - 1)
    primes = _primes_to(root)
    # A block shorter than the root would visit large primes that have no multiple in it.
    size = max(BLOCK, root)
    for start in range(max(job.start, 2), job.stop, size):
        until.check()
        yield _count_primes(start, min(start + size, job.stop), primes)


def _count_primes(start: int, stop: int, primes: list[int]) -> int:
    """Count the numbers in start..stop-1 that have no smaller factor in the list of primes."""
    size = stop - start
    standing = bytearray(b"\1") * size
    for prime in primes:
        square = prime * prime
        if square >= stop:
            break
        first = (square if square >= start else -start % prime + start) - start
        standing[first::prime] = bytes(len(range(first, size, prime)))
    return standing.count(1)


def _primes_to(limit: int) -> list[int]:
    """The primes p <= limit, in order."""
    standing = bytearray(b"\1") * (limit + 1)
    standing[:2] = bytes(min(2, limit + 1))
    for number in range(2, math.isqrt(limit) + 1):
        if standing[number]:
            standing[number * number :: number] = bytes(len(range(number * number, limit + 1, number)))
    return [number for number, stands in enumerate(standing) if stands]
