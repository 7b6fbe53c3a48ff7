"""Rates and bursts as they are asked for, and the arrivals that are drawn of them."""

from __future__ import annotations

import math
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from producer.contenders.arrivals import NS, Offer, Repeated
from producer.contenders.offers import read_offers
from worker.errors import InvalidJobError
from worker.jobs import NoOp


def test_rates_are_read_in_ascending_order_and_each_once() -> None:
    offers = read_offers("400, 50,50.0,100", 20.0, "1000@5", seed=7)
    assert [offer.rate for offer in offers] == [50, 100, 400]
    assert {(offer.for_s, offer.burst, offer.burst_at_s, offer.seed) for offer in offers} == {
        (20, 1000, 5, 7)
    }


@pytest.mark.parametrize(
    ("rates", "for_s", "burst", "why"),
    [
        ("fast", 20.0, None, r"a rate is a number of jobs a second above 0, not 'fast' \(--rate\)"),
        ("0", 20.0, None, "above 0, not '0'"),
        ("-5", 20.0, None, "above 0, not '-5'"),
        ("nan", 20.0, None, "above 0, not 'nan'"),
        ("inf", 20.0, None, "above 0, not 'inf'"),
        (" , ", 20.0, None, "there is no rate"),
        ("100001", 20.0, None, "nobody can send 100,001 jobs/s from one process"),
        ("50", 0.0, None, r"jobs arrive for up to 86,400 s, not 0 \(--for\)"),
        ("50", math.nan, None, "not nan"),
        ("50", 1e6, None, "not 1e"),
        ("1", 5.0, None, r"fewer than 10 jobs: offer more \(--rate\)"),
        ("100000", 3600.0, None, "more than the 5,000,000 records"),
        ("50", 20.0, "many", r"a burst is so many jobs at a second: 1000@5, not 'many' \(--burst\)"),
        ("50", 20.0, "0@5", "not '0@5'"),
        ("50", 20.0, "10@20", "the burst comes while jobs arrive, in less than 20 s"),
    ],
)
def test_what_makes_no_sense_is_refused(rates: str, for_s: float, burst: str | None, why: str) -> None:
    with pytest.raises(InvalidJobError, match=why):
        read_offers(rates, for_s, burst, seed=1)


@given(st.integers(), st.floats(5, 500), st.integers(0, 100))
def test_arrivals_are_in_order_and_in_time_and_the_burst_is_among_them(
    seed: int, rate: float, burst: int
) -> None:
    offer = Offer(rate, 4.0, seed, burst, burst_at_s=2.0)
    due = offer.arrivals()
    assert due == offer.arrivals()
    assert all(before <= after for before, after in pairwise(due))
    assert all(0 <= at < 4 * NS for at in due)
    assert sum(at == 2 * NS for at in due) >= burst


def test_their_number_and_their_distances_are_those_of_a_poisson_process() -> None:
    due = Offer(1000.0, 20.0, seed=2026).arrivals()
    assert abs(len(due) - 20_000) < 4 * math.sqrt(20_000)
    gaps = [after - before for before, after in pairwise(due)]
    mean = sum(gaps) / len(gaps)
    spread = math.sqrt(sum((gap - mean) ** 2 for gap in gaps) / len(gaps))
    assert spread / mean == pytest.approx(1.0, abs=0.05)  # as an exponential distribution has it


def test_the_jobs_come_over_and_over() -> None:
    jobs = Repeated([NoOp(0), NoOp(1), NoOp(2)], 8)
    assert [job.number for job in jobs if isinstance(job, NoOp)] == [0, 1, 2, 0, 1, 2, 0, 1]
    assert jobs[-1] == NoOp(1)
    assert list(jobs[2:4]) == [NoOp(2), NoOp(0)]
    with pytest.raises(IndexError):
        jobs[8]
