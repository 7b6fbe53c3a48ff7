"""How far exhibitions are from their ideal: `pytest tests/bench/test_exhibition.py -m bench -s`; minutes."""

from __future__ import annotations

import statistics

import pytest

from producer.exhibition.account import PARTS
from producer.exhibition.held import Held
from producer.exhibition.hold import Plan, hold
from producer.exhibition.lane import parse_lanes
from producer.exhibition.program import Program
from producer.exhibition.sentences import difference
from tests.integration.test_exhibition import Silent

pytestmark = pytest.mark.bench

#: Exhibitions of each way, in turn.
ROUNDS = 5


@pytest.mark.parametrize(
    ("hour_s", "ways"),
    [
        (1, "serial,asyncio,threads,processes"),
        (10, "celery:asyncio,celery:gevent,celery:threads"),
        (1, "celery:asyncio,celery:gevent,celery:threads"),
    ],
)
def test_the_difference_to_the_ideal(hour_s: float, ways: str) -> None:
    program = Program(24, 30, hour_s, 1, 2026)
    rounds: list[list[Held]] = [
        hold(Plan(program=program, lanes=parse_lanes(ways, 24)), Silent()) for _ in range(ROUNDS)
    ]
    for lane in zip(*rounds, strict=True):
        assert not any(held.problems for held in lane)
        percents = sorted(100 * (difference(held) or 0.0) for held in lane)
        middle = sorted(lane, key=lambda held: difference(held) or 0.0)[ROUNDS // 2]
        went = ", ".join(f"{head} {getattr(middle.account, field):+.3f} s" for head, field in PARTS.items())
        print(
            f"\nan hour in {hour_s:g} s, {lane[0].lane.name}: {statistics.median(percents):+.1f} % "
            f"({percents[0]:+.1f} to {percents[-1]:+.1f} %), {ROUNDS} rounds; {went}"
        )
