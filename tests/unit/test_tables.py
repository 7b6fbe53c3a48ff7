"""Tables show every number whole, in any terminal that is wide enough to be used."""

from __future__ import annotations

import functools
import io
import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from rich.console import Console

from producer.cli.send import answer_line
from producer.results import Records, Result
from producer.show.terminal.tables import print_result
from tests.made import left_out, reference, result, run, started, workload
from worker.records import JobRecord

WIDTHS = (80, 160)


def shown(what: Result, width: int, wide: bool = False) -> str:
    """What the terminal would show, without styles."""
    console = Console(file=io.StringIO(), width=width, highlight=False)
    print_result(console, what, wide)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def flat(text: str) -> str:
    """On one line, with single spaces: where lines are broken does not matter."""
    return " ".join(text.split())


def ordinary() -> Result:
    """What an ordinary comparison shows: the longest of the usual names, ordinary numbers."""
    times = {"serial": 1020, "asyncio+threads@32": 31, "celery:eventlet@32": 105, "celery:prefork@2": 610}
    runs = [run(name, ms + round_, round=round_) for round_ in range(1, 6) for name, ms in times.items()]
    return result(runs, rounds=5)


@functools.cache
def extraordinary() -> Result:
    """The largest numbers and longest names that a comparison may well have."""
    times = {
        "serial": 3_600_000,
        "celery:prefork@1000x16": 99_000,
        "asyncio+threads@1000": 90_000,
        "celery:eventlet@1000": 180_000,
    }
    runs = [
        run(name, ms + round_, round=round_, jobs=1000, peak_memory_bytes=12_345 * 2**20, cpu_s=1234.5)
        for round_ in range(1, 6)
        for name, ms in times.items()
    ]
    died = "its worker ended with exit code -9: it said nothing"
    lost = replace(runs[-1], records=Records(), problems=[died])
    work = workload(
        jobs=1000, contenders=[left_out("interpreters@2", "it came with Python 3.14; this is 3.11")]
    )
    return result([*runs[:-1], lost], [work], rounds=5)


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("wide", [False, True])
@pytest.mark.parametrize("make", [ordinary, extraordinary])
def test_nothing_is_cut_off(make: Callable[[], Result], wide: bool, width: int) -> None:
    text = shown(make(), width, wide)
    assert "…" not in text
    assert max(map(len, text.splitlines())) <= width


def several_pythons() -> Result:
    """An ordinary comparison under two Pythons, whose names are the longest of the usual ones."""
    pythons = {"3.13": 1.0, "3.13t": 1.8}
    runs = [
        run(f"{name} [{label}]", ms * slower + round_, round=round_)
        for round_ in range(1, 6)
        for label, slower in pythons.items()
        for name, ms in {"serial": 1020, "threads@2": 1250 / slower**2, "celery:prefork@4x2": 131}.items()
    ]
    return result(runs, [workload(contenders=started(["serial [3.13]", "serial [3.13t]"]))], rounds=5)


@pytest.mark.parametrize(
    ("make", "width", "wide"),
    [(ordinary, 80, False), (several_pythons, 80, False), (ordinary, 160, True)],
)
def test_what_is_ordinary_stands_in_one_table(make: Callable[[], Result], width: int, wide: bool) -> None:
    text = shown(make(), width, wide)
    assert len(re.findall(r"^   contender ", text, re.MULTILINE)) == 1
    assert ("--wide" in text) is not wide


def head(text: str) -> str:
    """The lines of a table above its first row."""
    return text.partition("\n* ")[0].partition("\n ")[2]


def test_the_rest_is_in_the_wide_table() -> None:
    narrow, wide = shown(ordinary(), 160), shown(ordinary(), 160, wide=True)
    for heading in ("latency, ms", "jobs/s", "service", "CPU", "× winner's time", "dup/lost"):
        assert (heading in head(narrow), heading in head(wide)) == (False, True)
    for heading in ("makespan", "× serial's speed", "limit", "memory"):
        assert heading in head(narrow)
        assert heading in head(wide)


def test_under_several_pythons_each_way_is_held_against_its_own_serial_too() -> None:
    lines = shown(several_pythons(), 80).splitlines()
    told = (" ".join(line.split()) for line in lines)
    [row] = [line for line in told if line.startswith("threads@2 [3.13t] ")]
    assert row == "threads@2 [3.13t] 697 ms 1.47 (1.47–1.47) 2.64 (2.63–2.64)"
    assert "speed of its own" not in shown(ordinary(), 160, wide=True)


@pytest.mark.parametrize("width", WIDTHS)
def test_the_shortest_comes_first_and_bears_the_mark(width: int) -> None:
    lines = shown(ordinary(), width).splitlines()
    first = next(number for number, line in enumerate(lines) if "contender" in line)
    rows = [line.split() for line in lines[first + 1 : first + 5]]
    assert [row[:2] if row[0] == "*" else row[0] for row in rows] == [
        ["*", "asyncio+threads@32"],
        "celery:eventlet@32",
        "celery:prefork@2",
        "serial",
    ]


@pytest.mark.parametrize("width", WIDTHS)
def test_what_went_wrong_and_who_is_missing_is_told(width: int) -> None:
    text = flat(shown(extraordinary(), width))
    assert (
        "INVALID celery:eventlet@1000, round 5: its worker ended with exit code -9: it said nothing" in text
    )
    assert "0/0/1000" in text
    assert "left out: interpreters@2: it came with Python 3.14; this is 3.11" in text
    assert "The jobs wait" in text


@pytest.mark.parametrize("width", WIDTHS)
def test_a_contender_without_a_valid_run_says_so_and_never_wins(width: int) -> None:
    text = shown(result([run(problems=["it died [red]"])]), width)
    assert "no valid run" in text
    assert "nobody won" in text
    assert "it died [red]" in text
    assert not re.search(r"^\*", text, re.MULTILINE)


@pytest.mark.parametrize("width", [20, 40, 60])
def test_a_terminal_too_narrow_for_any_table_breaks_nothing(width: int) -> None:
    assert "only the finished runs" in flat(shown(result([run()], complete=False), width))


def test_no_contender_is_told_and_not_a_table() -> None:
    text = shown(result([]), 80)
    assert "No contender ran." in text
    assert "Latency, wait and service are over" not in text


def test_an_only_job_is_one_job() -> None:
    text = flat(shown(result([run("serial", 10, jobs=1)], [workload(jobs=1)]), 160, wide=True))
    assert " 1 job: " in text
    assert "over the only job of all valid runs" in text


def test_a_winner_alone_is_compared_with_nobody() -> None:
    runs = [run(round=round_) for round_ in range(5)]
    assert "* shortest median." in flat(shown(result(runs, rounds=5), 160))


def test_the_title_says_what_was_done() -> None:
    work = workload(name="files", chunk=10, description="check small files", seed=7)
    text = flat(shown(result([run(workload="files")], [work]), 160))
    assert text.startswith("files 2 jobs of 10 files each: check small files; 1 round, seed 7")


def test_a_summary_of_the_answers_stands_under_the_table() -> None:
    work = workload(reference=reference([0.1] * 2, [0.0] * 2, 0.1, summary="2 of 2 files correct"))
    assert "The answers: 2 of 2 files correct" in shown(result([run()], [work]), 80)


def test_an_event_loop_that_stood_still_is_told_of() -> None:
    runs = [run("asyncio@2", loop_stall_s=1.5), run("asyncio+threads@2", loop_stall_s=0.04)]
    text = shown(result(runs), 160)
    stood = "Event loops stood still, and meanwhile no job had its turn: that of asyncio@2 for up to 1.50 s."
    assert stood in text
    assert "asyncio+threads@2 for" not in text
    assert "Those of Celery" not in text
    text = flat(shown(result([*runs, run("celery:asyncio@2")]), 160))
    assert f"{stood} Those of Celery are not watched." in text


def test_corrected_clocks_and_an_early_end_are_told_of() -> None:
    text = flat(shown(result([run(clocks_corrected=True)], complete=False), 80))
    assert "times are corrected by the broker's" in text
    assert "ended before the last round: only the finished runs are here" in text
    assert "ended before" not in shown(result([run()]), 80)


@pytest.mark.parametrize(
    ("answer", "error", "told"),
    [
        ({"move": "e2e4", "score": None, "nodes": None}, None, "move e2e4"),
        ({"move": "e2e4", "score": 31, "nodes": 700}, None, "move e2e4, score 31, nodes 700"),
        ({"count": 283146}, None, "count 283146"),
        (None, "InvalidPositionError: no king", "InvalidPositionError: no king"),
        (
            {
                "verdicts": [
                    {"file": "a", "verdict": "correct", "expected": None, "found": None, "reason": None},
                    {"file": "b", "verdict": "malformed", "expected": None, "found": None, "reason": "empty"},
                ]
            },
            None,
            "a correct, b malformed (empty)",
        ),
    ],
)
def test_an_answer_is_one_line_for_people(
    answer: dict[str, Any] | None, error: str | None, told: str
) -> None:
    line = answer_line(JobRecord(3, "lab/7", 0, 1, 1_000_000, 3_500_000, answer, error))
    assert flat(line) == f"3 lab/7 2.50 ms {told}"


def test_a_wrong_sum_is_told_with_both_sums() -> None:
    verdict: dict[str, Any] = {"file": "a", "verdict": "wrong", "expected": 19, "found": 20, "reason": None}
    line = answer_line(JobRecord(3, "lab/7", 0, 1, 1, 1, {"verdicts": [verdict]}))
    assert "a wrong" in line
    assert "19" in line
    assert "20" in line


@pytest.mark.parametrize(
    "verdicts",
    [
        5,
        None,
        "abc",
        [{}],
        [{"file": "a", "verdict": "odd"}],
        [{"file": "a", "verdict": "wrong", "found": []}],
    ],
)
def test_an_answer_that_is_none_of_ours_is_shown_as_it_is(verdicts: Any) -> None:
    answer = {"verdicts": verdicts, "more": 1}
    assert answer_line(JobRecord(3, "lab/7", 0, 1, 1, 1, answer)).endswith("more 1")
