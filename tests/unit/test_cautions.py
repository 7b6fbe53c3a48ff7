"""Each warning of the closed list comes when it should, says what to do, and stays away otherwise."""

from __future__ import annotations

from dataclasses import replace

import pytest

from producer.contender_name import ContenderName
from producer.results import Result
from producer.stats.cautions import Caution, Kind, caution_lines, cautions
from producer.words import SPACE
from tests.made import a_result, a_run, on

STEADY = [1.0, 1.01, 0.99, 1.02, 1.0, 0.98]


def of(result: Result) -> list[tuple[Kind, str | None]]:
    warnings = cautions(result, result.workloads[0])
    return [(warning.kind, str(warning.contender) if warning.contender else None) for warning in warnings]


def test_a_steady_comparison_has_nothing_to_beware_of() -> None:
    assert of(a_result({"serial": STEADY, "threads@4": STEADY[::-1]})) == []


@pytest.mark.parametrize(
    ("makespans_s", "kind"),
    [
        ([1.0] * 4, Kind.FEW_RUNS),
        ([1.0, 1.01, 3.0, 0.99, 1.0, 1.02], Kind.OUTLIER),
        ([3.0, 1.01, 1.0, 0.99, 1.0, 1.02], Kind.SLOW_FIRST),
        ([1.0, 1.4, 1.8, 1.2, 1.6, 1.1], Kind.UNSTABLE),
        ([0.001] * 5, Kind.SHORT),
    ],
)
def test_makespans_that_call_for_a_warning(makespans_s: list[float], kind: Kind) -> None:
    warnings = of(a_result({"serial": makespans_s}))
    assert [seen for seen, _ in warnings] == [kind]


def test_a_machine_that_drifts_is_told_from_a_contender_that_does() -> None:
    slower = [1.0, 1.05, 1.1, 1.15, 1.2, 1.25]
    assert (Kind.DRIFT, None) in of(a_result({"serial": slower, "threads@4": slower, "asyncio@4": slower}))
    assert (Kind.DRIFT, None) not in of(
        a_result({"serial": STEADY, "threads@4": slower, "asyncio@4": STEADY})
    )


def test_a_busy_machine_is_named_with_its_load() -> None:
    [caution] = cautions(busy := on(a_result({"serial": STEADY}), load=1.5), busy.workloads[0])
    assert caution.kind is Kind.BUSY_MACHINE
    assert "1.50 on 2 cores" in caution.text


def test_what_spoils_a_comparison_is_said() -> None:
    result = a_result({"serial": STEADY})
    result.runs.append(a_run("threads@4", problems=["3 jobs are lost"]))
    result.runs[0].clocks_corrected = True
    warnings = of(replace(result, complete=False))
    assert warnings == [(Kind.INCOMPLETE, None), (Kind.CLOCKS, None), (Kind.INVALID_RUNS, "threads@4")]


def test_the_advice_knows_the_size_of_the_workload() -> None:
    result = a_result({"serial": [0.001] * 5}, jobs=4)
    assert cautions(result, result.workloads[0]) == [
        Caution(
            Kind.SHORT,
            ContenderName("serial"),
            f"a run takes only 1.00{SPACE}ms, of which its start and end are part: try --jobs 800",
        )
    ]


def test_several_contenders_of_one_kind_share_a_line() -> None:
    names = map(ContenderName.parse, ("serial", "threads@4", "asyncio@4"))
    warnings = [Caution(Kind.SHORT, name, "too short") for name in names]
    [line] = caution_lines(warnings)
    assert line == "Beware (short): serial: too short. Likewise: threads@4, asyncio@4."
