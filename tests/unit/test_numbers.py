"""Integrals and primes come out right, and alike in both twins."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Coroutine
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from worker import sieve, trapezoid
from worker.jobs import Sieve, Trapezoid


async def turns_during(work: Coroutine[Any, Any, object]) -> int:
    """How often another task had its turn while the work was being done."""
    turns = 0
    task = asyncio.create_task(work)
    while not task.done():
        await asyncio.sleep(0)
        turns += 1
    return turns


def test_one_step_is_the_trapezoid_itself() -> None:
    assert trapezoid.integrate(Trapezoid(0, 2, 1)).value == pytest.approx(3**-1 + 3**5)


def test_the_integral_approaches_its_exact_value() -> None:
    errors = [
        trapezoid.integrate(Trapezoid(0, 2, steps)).value - trapezoid.EXACT for steps in (100, 1000, 10_000)
    ]
    # The rule's error falls with the square of the step, and a convex function is overestimated.
    assert errors[0] > 0
    assert errors[0] / errors[1] == pytest.approx(100, rel=0.01)
    assert errors[1] / errors[2] == pytest.approx(100, rel=0.01)


def test_pieces_add_up_to_the_whole() -> None:
    whole = trapezoid.integrate(Trapezoid(0, 2, 4000)).value
    pieces = [trapezoid.integrate(Trapezoid(i / 2, (i + 1) / 2, 1000)).value for i in range(4)]
    assert math.fsum(pieces) == pytest.approx(whole, rel=1e-13)


@pytest.mark.parametrize("steps", [1, 2, trapezoid.SLICE_STEPS, 2 * trapezoid.SLICE_STEPS + 1])
def test_both_twins_integrate_to_the_last_bit_alike(steps: int) -> None:
    job = Trapezoid(-1, 2.5, steps)
    assert asyncio.run(trapezoid.integrate_async(job)) == trapezoid.integrate(job)


def test_the_async_integral_lets_others_run_in_between() -> None:
    job = Trapezoid(0, 2, 5 * trapezoid.SLICE_STEPS)
    assert asyncio.run(turns_during(trapezoid.integrate_async(job))) > 5


@pytest.mark.parametrize(
    ("start", "stop", "count"),
    [
        (0, 1, 0),
        (0, 2, 0),
        (0, 3, 1),
        (2, 3, 1),
        (3, 4, 1),
        (4, 5, 0),
        (0, 100, 25),
        (100, 200, 21),
        (0, 2_000_000, 148_933),
        (10**12 - 1000, 10**12, 38),
    ],
)
def test_primes_are_counted_right(start: int, stop: int, count: int) -> None:
    assert sieve.count(Sieve(start, stop)).count == count


@given(st.integers(0, 30_000), st.integers(1, 3000))
def test_primes_are_counted_as_trial_division_counts_them(start: int, length: int) -> None:
    numbers = range(max(start, 2), start + length)
    expected = sum(all(number % d for d in range(2, math.isqrt(number) + 1)) for number in numbers)
    assert sieve.count(Sieve(start, start + length)).count == expected


def test_segments_add_up_to_the_whole() -> None:
    ends = [0, 1, 997, 3 * sieve.BLOCK - 1, 3 * sieve.BLOCK, 500_000, 1_000_000]
    parts = [sieve.count(Sieve(a, b)).count for a, b in pairwise(ends)]
    assert sum(parts) == sieve.count(Sieve(0, 1_000_000)).count == 78_498


def test_both_twins_count_alike_and_the_async_one_lets_others_run() -> None:
    job = Sieve(17, 17 + 5 * sieve.BLOCK)
    assert asyncio.run(sieve.count_async(job)) == sieve.count(job)
    assert asyncio.run(turns_during(sieve.count_async(job))) >= 5
