"""Each warning of the closed list comes when it should, says what to do, and stays away otherwise."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from producer.contender_name import ContenderName
from producer.results import Records, Result, Run
from producer.show.export import to_json
from producer.stats.cautions import Caution, Kind, caution_lines, cautions
from producer.stats.sending import is_bound_by_sending
from producer.words import SPACE
from tests.made import a_result, a_run, on, reference, result, run, started, workload

STEADY = [1.0, 1.01, 0.99, 1.02, 1.0, 0.98]


def tiny(makespans_s: dict[str, list[float]]) -> Result:
    """A comparison of four jobs that take no time at all."""
    made = a_result(makespans_s)
    made.workloads[0].reference = reference([0.0] * 4, [0.0] * 4, 0.0)
    return made


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
    made = tiny({"serial": makespans_s})
    assert [seen for seen, _ in of(made)] == [kind]
    (exported,) = json.loads(to_json(made))["waits"]["cautions"]
    assert exported["kind"] == kind


def sent(
    contender: str, every_us: int, service_us: int, slots: int = 2, jobs: int = 100, round_: int = 1
) -> Run:
    """A run whose jobs are sent at equal distances to a pool that begins each when a slot is free."""
    free, started = [0] * slots, []
    for place in range(jobs):
        free.sort()
        started.append(max(free[0], place * every_us) - place * every_us)
        free[0] = place * every_us + started[-1] + service_us
    records = Records(
        list(range(jobs)), [0] * jobs, [0] + [every_us] * (jobs - 1), [0] * jobs, started, [service_us] * jobs
    )
    return run(contender, jobs=jobs, slots=slots, records=records, round=round_)


@pytest.mark.parametrize(
    ("every_us", "service_us", "slots", "bound"),
    [
        (1000, 1500, 2, True),  # two slots, which can do 1.3 jobs a millisecond, get one
        (1000, 2500, 2, False),  # they can do 0.8: the queue grows
        (10, 1500, 2, False),  # all are sent at once
        (100, 20_000, 100, False),  # each finds a slot free, but it is the jobs that take the time
    ],
)
def test_a_sender_that_its_pool_waits_for_is_told_from_one_that_is_ahead(
    every_us: int, service_us: int, slots: int, bound: bool
) -> None:
    runs = [sent("celery:threads@2", every_us, service_us, slots, round_=round_) for round_ in range(1, 6)]
    made = result(runs, [workload(100, contenders=started(["celery:threads@2"]))], rounds=5)
    assert ((Kind.SENDING, "celery:threads@2") in of(made)) is bound
    assert all(is_bound_by_sending(run) is bound for run in runs)


def test_contenders_that_waited_for_the_sender_share_a_line() -> None:
    names = ["celery:solo", "celery:gevent@2", "threads@2"]
    runs = [sent(name, 1000, 700, 2, round_=round_) for name in names for round_ in (1, 2)]
    made = result(runs, [workload(100, contenders=started(names))], rounds=2)
    [line] = [line for line in caution_lines(cautions(made, made.workloads[0])) if "(sending)" in line]
    assert line.startswith("Beware (sending): celery:solo: in 2 of 2 runs it waited for its jobs: ")
    assert line.endswith(f"Likewise: celery:gevent@2 (99{SPACE}%).")  # what is handed its jobs has no sender


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
    result = tiny({"serial": [0.001] * 5})
    [caution] = cautions(result, result.workloads[0])
    assert (caution.kind, caution.contender) == (Kind.SHORT, ContenderName("serial"))
    assert caution.text == (
        f"a run takes only 1.00{SPACE}ms, of which its start and end are part: try --jobs 800"
    )


def test_several_contenders_of_one_kind_share_a_line() -> None:
    names = map(ContenderName.parse, ("serial", "threads@4", "asyncio@4"))
    warnings = [Caution(Kind.SHORT, name, "too short") for name in names]
    [line] = caution_lines(warnings)
    assert line == "Beware (short): serial: too short. Likewise: threads@4, asyncio@4."


def test_the_worst_case_leads_and_the_others_have_their_numbers() -> None:
    mild, worst, middle = 0.8, 3.4, 1.5
    made = a_result(
        {
            name: [1.0, 1.01, factor, 0.99, 1.0, 1.02]
            for name, factor in {"serial": mild, "threads@4": worst, "asyncio@4": middle}.items()
        }
    )
    [line] = caution_lines(cautions(made, made.workloads[0]))
    assert line.startswith(
        "Beware (outlier): threads@4: round 3 is far from the others (the farthest took 3.38 "
    )
    assert line.endswith("Likewise: asyncio@4 (1.49 times), serial (0.80 times).")


def test_the_shortest_runs_and_the_most_unstable_lead_too() -> None:
    short = tiny({"serial": [0.004] * 5, "threads@4": [0.001] * 5})
    [line] = caution_lines(cautions(short, short.workloads[0]))
    assert line.startswith("Beware (short): threads@4: a run takes only 1.00")
    assert line.endswith(f"Likewise: serial (4.00{SPACE}ms).")
    spread = a_result({"serial": [1.2, 1.0, 1.4, 1.1, 1.2], "threads@4": [1.6, 1.0, 2.2, 1.3, 1.6]})
    [line] = caution_lines(cautions(spread, spread.workloads[0]))
    assert line.startswith("Beware (unstable): threads@4: its runs spread by 29")
    assert line.endswith(f"Likewise: serial (13{SPACE}%).")


def test_a_limit_that_was_beaten_is_called_wrong() -> None:
    # Four waits of 10 ms: two slots cannot take less than 20 ms.
    made = a_result({"serial": [0.05] * 5, "threads@2": [0.05, 0.05, 0.019, 0.05, 0.05]})
    for each in made.runs:
        each.slots = 2
    [caution] = [each for each in cautions(made, made.workloads[0]) if each.kind is Kind.LIMIT]
    assert caution.text.replace(SPACE, " ") == (
        "1 of 5 runs took less time than its limit (19.0 ms where 20.0 ms is the least), which nothing can; "
        "the machine was slower whenever that was measured: compare again when it is quiet"
    )
    other = a_result({"threads@2 [3.14]": [0.005] * 5})
    [caution] = [each for each in cautions(other, other.workloads[0]) if each.kind is Kind.LIMIT]
    assert caution.text.endswith("measured under another Python: compare serial under this one, too")
