"""A thread that takes the GIL back late has waited for it, for a core, or for one who had none."""

from __future__ import annotations

import pytest

from producer.measure.gil_watch import Look
from producer.workloads.job_facts import KEPT_S


@pytest.mark.parametrize(
    ("span_ms", "work_delay_ms", "late_ms", "delay_ms", "switches"),
    [  # beside Python code, on two cores with nine processes that compute
        (34.7, 13.6, 17.8, 11.6, 5),
        (44.0, 27.7, 23.0, 8.7, 5),
        (40.0, 16.1, 18.9, 1.0, 5),
    ],
)
def test_who_has_no_core_keeps_no_gil(
    span_ms: float, work_delay_ms: float, late_ms: float, delay_ms: float, switches: int
) -> None:
    look = Look(span_ms / 1e3, work_delay_ms / 1e3, late_ms / 1e3, delay_ms / 1e3, switches)
    assert look.kept_s < KEPT_S / 2


def test_what_is_kept_from_a_thread_that_has_its_core_is_kept() -> None:
    assert Look(0.042, 0.0, 0.040, 0.0, 10).kept_s == pytest.approx(0.040)
    assert Look(0.062, 0.020, 0.060, 0.002, 14).kept_s == pytest.approx(0.040)


def test_a_gil_that_was_let_go_of_in_between_counts_as_often() -> None:
    assert Look(0.012, 0.0, 0.010, 0.0, 6).kept_s == pytest.approx(0.002)
