"""Reads at which rates jobs are to be offered: `--rate 50,100`, `--burst 1000@5`."""

from __future__ import annotations

import math
import re

from producer.contenders.arrivals import Offer
from worker.errors import InvalidJobError

#: The highest rate that can be asked for. A sender that cannot keep it says so, and this is far beyond any.
MOST_RATE = 100_000


def read_offers(rates: str, for_s: float, burst: str | None, seed: int) -> list[Offer]:
    """Read the rates, in jobs a second, and a burst of so many jobs at a second; the lowest rate comes first.

    Raises:
        InvalidJobError: one of them makes no sense.
    """
    number, at_s = _read_burst(burst) if burst else (0, 0.0)
    read = dict.fromkeys(_read_rate(text.strip()) for text in rates.split(",") if text.strip())
    if not read:
        raise InvalidJobError("there is no rate: write jobs a second, by commas: 50,100 (--rate)")
    return [Offer(rate, for_s, seed, number, at_s) for rate in sorted(read)]


def _read_rate(text: str) -> float:
    try:
        rate = float(text)
    except ValueError:
        rate = math.nan
    if not 0 < rate < math.inf:
        raise InvalidJobError(f"a rate is a number of jobs a second above 0, not {text!r} (--rate)")
    if rate > MOST_RATE:
        raise InvalidJobError(
            f"nobody can send {rate:,g} jobs/s from one process: offer up to {MOST_RATE:,} (--rate)"
        )
    return rate


def _read_burst(text: str) -> tuple[int, float]:
    match = re.fullmatch(r"([1-9][0-9]{0,6})@([0-9]{1,6}(?:\.[0-9]{1,6})?)", text.strip())
    if match is None:
        raise InvalidJobError(f"a burst is so many jobs at a second: 1000@5, not {text!r} (--burst)")
    return int(match[1]), float(match[2])
