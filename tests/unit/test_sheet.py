"""A sheet is read line by line, and an answer is held against the numbers of results and nothing else."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from producer.results import Run
from producer.sheet.checks import CHECKS, find
from producer.sheet.findings import UnreadableError
from producer.sheet.reading import parse
from producer.sheet.verdicts import all_supported, judge
from tests.asked import MADE, asked
from tests.made import MACHINE, a_result, a_run, result


@given(st.text(st.sampled_from("- [Q1.2] \nAnswer:<!-check cores\t`_*9,.é\r\0")), st.text())
def test_no_text_is_worse_than_unreadable(text: str, other: str) -> None:
    judge(parse(text + other), {"a": MADE})


@given(st.sampled_from([*CHECKS]), st.text(), st.text())
def test_no_check_and_no_answer_is_worse_than_unreadable(kind: str, names: str, answer: str) -> None:
    text = f"- [Q1] x <!-- check: {kind} {names} -->\n  Answer: {answer}\n"
    judge(parse(text), {"a": MADE})


def test_a_ratio_is_supported_within_its_interval_and_what_the_digits_leave_open() -> None:
    verdict = asked("times-as-fast waits threads serial", "2")
    assert (verdict.status, verdict.text) == (
        "supported",
        "threads@8 was 2.01 (1.97–2.05) times as fast as serial",
    )
    assert asked("times-as-fast waits threads serial", "2.04").status == "supported"
    assert asked("times-as-fast waits threads@8 serial", "2.2").status == "not supported"
    assert asked("times-as-fast waits serial threads", "0.5").status == "supported"
    assert asked("times-as-fast waits threads serial", "twice").status == "unreadable"


def test_the_ratio_of_the_medians_will_do_as_well() -> None:
    # As people divide two rows of the table, whatever the rounds say.
    made = a_result({"serial": [1.0, 1.0, 1.0, 4.0, 4.0], "threads@8": [1.0, 0.5, 0.5, 2.0, 2.0]})
    assert asked("times-as-fast waits threads serial", "1.00", made).status == "supported"


def test_the_fastest_is_whoever_is_not_shown_to_be_slower() -> None:
    assert asked("fastest waits", "Threads").text == "threads@8 had the shortest median, 500 ms"
    for answer in ("threads@8", "celery:gevent", "gevent", "celery:gevent@8"):
        assert asked("fastest waits", answer).status == "supported", answer
    verdict = asked("fastest waits", "serial")
    assert verdict.status == "not supported"
    assert "serial was 2.01" in verdict.text
    verdict = asked("fastest waits", "tortoise")
    assert verdict.status == "not supported"
    assert verdict.text.endswith("there were serial, threads@8 and celery:gevent@8")


def test_who_was_the_fastest_is_told_by_a_result_in_which_all_that_are_named_took_part() -> None:
    assert asked("fastest waits serial threads@8", "threads").status == "supported"
    assert asked("fastest waits serial threads@9", "threads").status == "cannot tell"


def test_which_of_two_was_faster_or_neither() -> None:
    assert asked("faster waits threads serial", "threads").status == "supported"
    assert asked("faster waits serial threads@8", "threads@8").status == "supported"
    assert asked("faster waits threads serial", "neither").status == "not supported"
    assert asked("faster waits threads celery:gevent", "neither").status == "supported"
    assert asked("faster waits threads celery:gevent", "threads").status == "not supported"
    verdict = asked("faster waits threads serial", "gevent")
    assert (verdict.status, verdict.text) == ("unreadable", "the answer is threads, serial or neither")


def test_from_too_few_rounds_nothing_is_told() -> None:
    made = a_result({"serial": [1.0, 1.0], "threads@8": [0.5, 0.5]})
    for check, answer in (
        ("times-as-fast waits threads serial", "2"),
        ("faster waits threads serial", "threads"),
        ("fastest waits", "serial"),
    ):
        verdict = asked(check, answer, made)
        assert verdict.status == "cannot tell"
        assert "2 valid rounds, and nothing is claimed from fewer than 5" in verdict.text


def test_a_run_that_is_not_valid_counts_for_nothing() -> None:
    made = a_result({"serial": [1.0] * 5})
    made.runs += [a_run("threads@8", round_, 0.1, problems=["a job failed"]) for round_ in range(1, 6)]
    assert asked("fastest waits", "serial", made).status == "supported"
    assert asked("times-as-fast waits threads serial", "10", made).status == "cannot tell"


def test_times_throughput_and_slots_are_within_the_range_of_the_runs() -> None:
    assert asked("makespan waits serial", "1.05 s").text == "serial took 900 ms to 1.10 s"
    assert asked("makespan waits serial", "950").status == "supported"
    assert asked("makespan waits serial", "950 s").status == "not supported"
    assert asked("jobs-per-second waits threads", "8").text == "threads@8 did 7.41 to 8.89 jobs/s"
    assert asked("jobs-per-second waits threads", "12").status == "not supported"
    assert asked("slots waits threads", "1").status == "supported"  # the made ones have one


def test_cores_are_those_that_can_be_used() -> None:
    assert asked("cores", "2").status == "supported"
    made = result([], machine=replace(MACHINE, core_limit=1.0))
    assert asked("cores", "2", made).text == "cores that it could use: 1"


def changed(contender: str, rounds: Sequence[Mapping[str, object]]) -> list[Run]:
    return [replace(a_run(contender, round_), **more) for round_, more in enumerate(rounds, 1)]  # type: ignore[arg-type]


def test_memory_is_compared_over_all_runs() -> None:
    runs = changed("threads@8", [{"peak_memory_bytes": size * 2**20} for size in (100, 110)])
    runs += changed("processes@2", [{"peak_memory_bytes": size * 2**20} for size in (300, 330)])
    verdict = asked("times-the-memory waits processes threads", "3", result(runs))
    assert verdict.text == "processes@2 took 2.73 to 3.30 times the memory of threads@8"
    assert verdict.status == "supported"
    assert asked("times-the-memory waits processes threads", "5", result(runs)).status == "not supported"


def test_memory_may_be_divided_as_a_table_has_it() -> None:
    exactly = {"threads@8": 23.46, "processes@2": 72.86}
    runs = [
        run
        for name, size in exactly.items()
        for run in changed(name, [{"peak_memory_bytes": int(size * 2**20)}] * 5)
    ]
    for answer, status in (("73/23", "supported"), ("3.2", "supported"), ("3.5", "not supported")):
        assert asked("times-the-memory waits processes threads", answer, result(runs)).status == status


@pytest.mark.parametrize("answer", ["about the same", "no difference shown"])
def test_no_difference_is_an_answer_to_how_many_times(answer: str) -> None:
    alike = [*changed("serial", [{}] * 5), *changed("threads@8", [{}] * 5)]
    assert asked("times-as-fast waits threads serial", answer, result(alike, rounds=5)).status == "supported"
    assert asked("times-as-fast waits threads serial", answer).status == "not supported"


def test_how_long_a_loop_stood_still_differs_by_run() -> None:
    runs = changed("asyncio@8", [{"loop_stall_s": stall} for stall in (0.9, 1.2, None)])
    assert asked("stall waits asyncio", "1.2 s", result(runs)).status == "supported"
    assert asked("stall waits asyncio", "300 ms", result(runs)).status == "not supported"
    assert asked("stall waits threads", "1 s").status == "cannot tell"


def test_the_hours_of_the_exhibition_follow_from_its_rules() -> None:
    assert asked("hours in-turn", "12 hours").status == "supported"
    verdict = asked("hours in-turn", "24")
    assert verdict.status == "not supported"
    assert verdict.text == "she takes 12.0 hours (720 min); simul judit plays an hour in a second"
    assert asked("hours table-to-table", "1").status == "supported"
    assert asked("hours table-to-table", "61 minutes").status == "supported"
    assert asked("hours table-to-table", "61 h").status == "not supported"
    assert asked("hours in-turn", "long").text == "the answer is a time, such as 46 ms or 1 h 30 min"
    assert asked("hours backwards", "1").status == "unreadable"


def test_pythons_are_told_apart_by_their_gil_and_never_mixed_unasked() -> None:
    runs = []
    for python, gil, serial_s, threads_s in (("3.13", True, 1.0, 1.0), ("3.13t", False, 1.5, 0.5)):
        for name, makespan_s in (("serial", serial_s), ("threads@2", threads_s)):
            for round_ in range(1, 6):
                runs.append(replace(a_run(f"{name} [{python}]", round_, makespan_s), gil=gil))
    made = result(runs)
    assert asked("times-as-fast waits threads(no-gil) serial(no-gil)", "3.0", made).status == "supported"
    assert asked("times-as-fast waits threads(gil) serial(gil)", "1.0", made).status == "supported"
    assert asked("times-as-fast waits serial(gil) serial(no-gil)", "1.5", made).status == "supported"
    verdict = asked("times-as-fast waits threads serial", "2.0", made)
    assert verdict.status == "not supported"  # of the one it is 1, of the other 3; 1.0 / 0.5 is nobody's
    assert verdict.text.count("times as fast") == 2
    assert asked("fastest waits", "threads@2", made).status == "supported"


def test_one_of_several_results_is_enough_and_is_named() -> None:
    slow = a_result({"serial": [1.0] * 5, "threads@8": [1.0] * 5})
    verdict = asked("times-as-fast waits threads serial", "2", {"slow.json": slow, "made.json": MADE})
    assert verdict.status == "supported"
    assert verdict.text.endswith("(made.json)")
    verdict = asked("times-as-fast waits threads serial", "9", {"slow.json": slow, "made.json": MADE})
    assert verdict.status == "not supported"
    assert "(slow.json); " in verdict.text


def test_the_result_that_a_question_names_goes_first() -> None:
    other = a_result({"serial": [1.0, 1.2, 1.0, 0.9, 1.0]})
    results = {"a/one.json": MADE, "b/two.json": other}
    for named, told in (("one.json", "a/one.json"), ("two.json", "b/two.json"), ("three.json", "a/one.json")):
        verdict = asked("makespan waits serial", "1 s", results, text=f"? `simul show {named}`")
        assert verdict.text.endswith(f"({told})")


def test_what_all_results_say_is_told_once() -> None:
    results = {"a.json": MADE, "b.json": MADE}
    assert asked("cores", "4", results).text == "cores that it could use: 2"
    assert asked("hours in-turn", "12", results).text.startswith("she takes 12.0 hours")


def test_what_the_results_do_not_have_is_told_with_the_command_that_measures_it() -> None:
    verdict = asked("fastest files", "serial", text="Who? `uv run simul compare files`")
    assert (verdict.status, verdict.text) == (
        "cannot tell",
        "no result here has the numbers for it: uv run simul compare files",
    )
    verdict = asked("fastest files", "serial", text="Who? `uv run simul show yellow.json.gz --wide`")
    assert verdict.text == "no result here has the numbers for it: name yellow.json.gz, too"
    assert not all_supported([verdict])


def test_a_sheet_may_be_unfinished_and_open_questions_are_for_people() -> None:
    sheet = parse("- [Q1] x <!-- check: cores -->\n  Answer: ____\n- [Q2] Why?\n  Answer: because\n")
    verdicts = judge(sheet, {"a": MADE})
    assert [verdict.status for verdict in verdicts] == ["not answered", "open"]
    assert all_supported(verdicts)


@pytest.mark.parametrize(
    ("check", "complaint"),
    [
        ("speed", "no check is called 'speed'; there are: cores, hours"),
        ("", "no check is called ''"),
        ("fastest", "'fastest' is followed by 1 name, not 0"),
        ("faster waits threads", "'faster' is followed by 3 names, not 2"),
        ("makespan waits threads(gill)", "is no contender"),
        ("makespan waits threads@0", "is no name of a contender"),
    ],
)
def test_a_check_that_is_none_says_what_there_is(check: str, complaint: str) -> None:
    with pytest.raises(UnreadableError) as raised:
        find(check)
    assert complaint in str(raised.value)
    assert asked(check, "1").status == "unreadable"
