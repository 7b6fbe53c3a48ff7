"""Two results are compared where they can be, and refused in words where they cannot."""

from __future__ import annotations

import pytest

from producer.results import Result
from producer.stats.diff import Diff, Difference, compare, list_hindrances, list_remarks
from tests.made import a_result, a_run, left_out, on
from worker.errors import ResultError

STEADY = [1.0, 1.01, 0.99, 1.02, 0.98]


def times(factor: float) -> list[float]:
    return [factor * value for value in STEADY]


def between(old: Result, new: Result, force: bool = False) -> Diff:
    return compare(old, new, "new.json", force)


def only(changes: Diff) -> Difference:
    [row] = changes.rows
    return row


@pytest.mark.parametrize(
    ("factor", "verdict", "fails"),
    [
        (1.0, "no difference shown", False),
        (1.06, "slower", False),
        (1.5, "slower", True),
        (0.7, "faster", False),
    ],
)
def test_a_verdict_is_only_what_is_shown(factor: float, verdict: str, fails: bool) -> None:
    row = only(between(a_result({"threads@4": STEADY}), a_result({"threads@4": times(factor)})))
    assert (row.verdict, row.fails(1.10)) == (verdict, fails)


def test_a_median_above_the_limit_does_not_fail_before_the_interval_is() -> None:
    noisy = [1.0, 1.5, 1.2, 0.9, 1.3]
    row = only(between(a_result({"threads@4": STEADY}), a_result({"threads@4": noisy})))
    assert row.ratio
    assert row.ratio.value > 1.10
    assert not row.fails(1.10)


def test_too_few_runs_tell_nothing() -> None:
    row = only(between(a_result({"threads@4": STEADY}), a_result({"threads@4": [9.0] * 4})))
    assert (row.verdict, row.fails(1.10)) == ("too few runs to tell", False)


def test_what_does_not_work_any_more_fails() -> None:
    old, new = a_result({"serial": STEADY, "threads@4": STEADY}), a_result({"serial": STEADY})
    new.runs.append(a_run("threads@4", problems=["its process died"]))
    broken = next(row for row in between(old, new).rows if str(row.contender) == "threads@4")
    assert (broken.verdict, broken.fails(1.10)) == ("no valid run any more", True)


def test_what_could_not_start_any_more_fails_and_what_nobody_asked_for_does_not() -> None:
    old, new = a_result({"serial": STEADY, "threads@4": STEADY}), a_result({"serial": STEADY})
    changes = between(old, new)
    assert str(only(changes).contender) == "serial"
    assert changes.only_in_one == ["waits: threads@4 (only old)"]
    new.workloads[0].contenders.append(left_out("threads@4", "it did not start"))
    assert [str(row.contender) for row in between(old, new).rows if row.fails(1.10)] == ["threads@4"]


@pytest.mark.parametrize("field", ["seed", "jobs", "chunk", "data_hash"])
def test_other_work_is_refused_and_labelled_where_it_is_forced(field: str) -> None:
    old, new = a_result({"serial": STEADY}), a_result({"serial": STEADY})
    setattr(new.workloads[0], field, "7" if field == "data_hash" else 7)
    with pytest.raises(ResultError, match=field.replace("_", " ")):
        between(old, new)
    [label] = between(old, new, force=True).forced
    assert label.startswith(f"workload waits: {field.replace('_', ' ')}")


def test_another_machine_is_refused_and_another_python_is_named() -> None:
    old = a_result({"serial": STEADY})
    assert list_hindrances(old, on(old, cores=8)) == ["machine: cores 2, now 8"]
    new = on(old, python="CPython 3.13.0", packages={"celery": "5.7.1", "gevent": "26.9"})
    assert list_hindrances(old, new) == []
    assert list_remarks(old, new) == [
        "python CPython 3.11.7, now CPython 3.13.0",
        "celery 5.7.0, now 5.7.1",
        "gevent absent, now 26.9",
    ]


def test_nothing_in_common_is_refused_even_by_force() -> None:
    with pytest.raises(ResultError, match="in common"):
        between(a_result({"serial": STEADY}), a_result({"threads@4": STEADY}), force=True)
