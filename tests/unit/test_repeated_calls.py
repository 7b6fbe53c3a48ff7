"""What many calls leave behind is told from how memory grew, wherever the calls had to stop."""

from __future__ import annotations

import gc

import pytest

from producer.measure import repeated_calls
from producer.measure.repeated_calls import MOST_GROWTH, RepeatedCalls, watch_growth
from worker.jobs import Call

MIB = 2**20


class _Calls(RepeatedCalls):
    """Calls that do nothing but are counted."""

    def __init__(self) -> None:
        super().__init__([Call("nothing", "{}")], lambda: None)

    def __call__(self):  # type: ignore[no-untyped-def]
        self.made += 1


class _Room:
    """Room for so many calls after those that warm up."""

    def __init__(self, calls: _Calls, runs: int) -> None:
        self._calls, self._most = calls, repeated_calls.WARM_UP + runs

    def is_left(self, _share: float = 1.0) -> bool:
        return self._calls.made < self._most


@pytest.mark.parametrize("planned", [100, 275, MOST_GROWTH])
@pytest.mark.parametrize("runs", [2, 3, 4, 5, 7, 16, 27, 35, 53, 99, 100])
def test_growth_is_told_from_a_look_near_the_half_wherever_the_room_ends(
    planned: int, runs: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Looks that are planned for a thousand calls say nothing of the half of those that were made."""
    calls = _Calls()
    monkeypatch.setattr(repeated_calls, "monotonic", lambda: 0.0)  # a busy machine makes no fewer calls
    monkeypatch.setattr(gc, "collect", lambda: 0)
    monkeypatch.setattr(repeated_calls, "private_bytes", lambda: calls.made * 10 * MIB)
    growth = watch_growth(calls, repeated_calls.GROWTH_S / planned, _Room(calls, runs))  # type: ignore[arg-type]
    assert growth["growth_runs"] == runs
    assert growth["growth_bytes"] == runs * 10 * MIB
    assert 0.3 < growth["growth_late_bytes"] / growth["growth_bytes"] < 0.7
