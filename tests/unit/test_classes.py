"""A class: many machines' results of the same work on one page, and nobody's name on it."""

from __future__ import annotations

import gzip
import pickle
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from producer import results
from producer.contender_name import ContenderName
from producer.results import ExpectedSpeed, Prediction, Result
from producer.show.classes import load as loading
from producer.show.classes.load import Broken, load_members
from producer.show.classes.page import write_class_page
from producer.stats.class_outliers import Group, describe_outlier, find_outliers, quartiles
from producer.stats.classes import Class, collate, summarise
from producer.system.gil import Gil
from producer.system.pythons import Python
from tests.made import a_result, on, saved
from worker.errors import ResultError

SERIAL = [1.0] * 5


def name(text: str) -> ContenderName:
    """A contender's name."""
    return ContenderName.parse(text)


def measured(times: float = 10.0, **machine: Any) -> Result:
    """A result in which threads were so many times as fast as serial."""
    made = a_result({"serial": SERIAL, "threads@32": [1 / times] * 5, "processes@2": [0.5] * 5})
    return on(made, **machine)


def put_together(*made: Result) -> Class:
    """The class of these results, whose files are called a.json, b.json, ..."""
    return collate([summarise(f"{chr(97 + place)}.json", result) for place, result in enumerate(made)])


def test_every_contender_has_a_number_of_each_machine() -> None:
    [workload] = put_together(measured(8), measured(10), measured(12)).workloads

    assert [str(strip.contender) for strip in workload.strips] == ["threads@32", "processes@2"]
    fastest = workload.strips[0]
    assert [(member.file, round(value)) for member, value in fastest.values] == [
        ("a.json", 8),
        ("b.json", 10),
        ("c.json", 12),
    ]
    assert fastest.median == pytest.approx(10)
    assert fastest.low < fastest.median < fastest.high


def test_machines_are_grouped_by_cores_python_and_gil() -> None:
    members = put_together(
        measured(cores=2, python="CPython 3.13.1"),
        measured(cores=2, python="CPython 3.13.9"),
        measured(cores=8, core_limit=2.0, python="CPython 3.13.2"),
        measured(cores=8, python="CPython 3.13.2", gil=False),
    ).members

    assert [str(member.group) for member in members] == [
        *["2 cores, Python 3.13"] * 3,
        "8 cores, Python 3.13 without GIL",
    ]


def test_where_other_pythons_did_the_jobs_the_group_names_them() -> None:
    with_it, without = (
        Python(f"3.13{free}", "python", "CPython 3.13.5", (3, 13), bool(free), {"designs": gil}, {})
        for free, gil in (("", Gil(True, True)), ("t", Gil(False, False)))
    )
    here = measured(python="CPython 3.11.7")
    members = put_together(
        replace(here, pythons=[without, with_it]),
        replace(here, pythons=[without]),
        measured(python="CPython 3.13.2", gil=False),
    ).members

    assert [str(member.group) for member in members] == [
        "2 cores, Python 3.13 without GIL and 3.13",
        *["2 cores, Python 3.13 without GIL"] * 2,
    ]


def differing(**changes: Any) -> Result:
    """A result whose workload is another."""
    made = measured()
    for field, value in changes.items():
        setattr(made.workloads[0], field, value)
    return made


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"seed": 7}, "seed 7, not 1"),
        ({"jobs": 5}, "5 jobs, not 4"),
        ({"chunk": 10}, "10 files to a job, not 1"),
        ({"seed": 7, "chunk": 3}, "seed 7, not 1, 3 files to a job, not 1"),
        ({"data_hash": "abc"}, "other data, or another version's jobs"),
    ],
)
def test_other_work_is_refused_and_it_is_said_what_differs(changes: dict[str, Any], why: str) -> None:
    together = put_together(differing(**changes), measured(), measured())

    assert [(each.file, each.workload, each.why) for each in together.refused] == [("a.json", "waits", why)]
    assert [member.file for member in together.workloads[0].members] == ["b.json", "c.json"]


def test_of_as_many_on_both_sides_the_first_is_kept() -> None:
    together = put_together(measured(), differing(seed=7))
    assert [each.file for each in together.refused] == ["b.json"]


def test_who_did_another_workload_is_there_with_that_alone() -> None:
    together = put_together(measured(), a_result({"serial": SERIAL}, workload="files"))
    assert together.refused == []
    assert [(each.name, len(each.members)) for each in together.workloads] == [("waits", 1), ("files", 1)]


FEW, MANY = Group(2, "3.13", True), Group(8, "3.13", True)


def machines(values: Sequence[float], group: Group = FEW) -> list[tuple[str, Group, float]]:
    """Machines of a group, named by their place."""
    return [(f"{group.cores:g}-{place}.json", group, value) for place, value in enumerate(values)]


@pytest.mark.parametrize(
    ("values", "far"),
    [
        (machines([10, 10, 10.1, 9.9, 40]), ["2-4.json"]),
        (machines([10, 10, 10.1, 9.9, 2]), ["2-4.json"]),
        (machines([10, 10, 10, 10, 12]), []),  # nothing to speak of
        (machines([10, 20, 40, 80, 160]), []),  # all differ
        (machines([10, 10, 10, 40]), []),  # too few
        (machines([10, 10, 10, 10, 10]) + machines([40], MANY), ["8-0.json"]),  # the only one of its kind
        (machines([10] * 5) + machines([40] * 5, MANY), []),  # each like those of its kind
        (machines([10, 10, 10, 10, 40]) + machines([40] * 5, MANY), ["2-4.json"]),
        (machines([10] * 8 + [20, 90]), ["2-9.json", "2-8.json"]),  # the farthest first
    ],
)
def test_who_is_far_from_the_others_like_it_is_named_by_file(
    values: list[tuple[str, Group, float]], far: list[str]
) -> None:
    assert [outlier.file for outlier in find_outliers(values)] == far


def test_an_outlier_is_told_with_what_it_is_held_against() -> None:
    [outlier] = find_outliers(machines([10, 10, 10.5, 9.5, 40]))
    assert describe_outlier(name("threads@32"), outlier) == (
        "2-4.json: threads@32 was 40.0 times as fast as serial; on the middle half of the machines like it, "
        "10.0 to 10.5 times"
    )


def test_the_middle_half_is_that_of_factors() -> None:
    assert quartiles([1, 10, 100]) == pytest.approx((10**0.5, 10, 10**1.5))


def lesson(fastest: str, times: float, measured_times: float = 10.0) -> Result:
    """A result with predictions."""
    made = measured(measured_times)
    made.predictions = [Prediction("waits", name(fastest), times, [ExpectedSpeed(name("processes@2"), 2.0)])]
    return made


def test_predictions_are_counted_against_what_came_of_them() -> None:
    made = [lesson("threads@32", 10), lesson("processes@2", 15), lesson("processes@2", 99), measured()]
    [workload] = put_together(*made).workloads

    assert workload.predicted == {"threads@32": 1, "processes@2": 2}
    assert workload.fastest == {"threads@32": 4}
    assert [(told.asked, list(told.verdicts.values())) for told in workload.told] == [
        ("the fastest", [1, 0, 2, 0]),
        ("the fastest against serial", [1, 1, 1, 0]),
        ("processes@2 against serial", [3, 0, 0, 0]),
    ]
    page = page_of(*made)
    assert "2 predicted that processes@2 would be the fastest; it was on none." in page
    assert "1 predicted that threads@32 would be the fastest; it was on 4 machines." in page


def page_of(*made: Result, broken: Sequence[Broken] = ()) -> str:
    """The page of a class of these results, without what every page has."""
    return write_class_page(put_together(*made), broken).partition("<main")[2].partition("<script>")[0]


def test_nobody_is_named() -> None:
    made = measured(host="bobs-laptop", cpu="Bob's processor", commit="bob")
    for run in made.runs:
        run.workers = ["bobs-laptop/1"]
    page = page_of(made, measured(), broken=[Broken("x.json", "it is no result of simul (load): no")])

    assert "bob" not in page.lower()
    assert "a.json" in page
    assert "x.json is left out: it is no result of simul (load): no." in page


def test_what_others_wrote_is_text_on_the_page() -> None:
    made = a_result({"serial": SERIAL, "<b>@2": [0.5] * 5}, workload="<i>waits</i>")
    made.workloads[0].description = "<script>alert(1)</script>"
    page = write_class_page(collate([summarise("<u>.json", made)]), [Broken("<s>\x1b", "<q>")])

    for tag in ("<b>@2", "<i>", "<script>alert", "<u>", "<s>", "<q>", "\x1b"):
        assert tag not in page


def test_a_workload_without_serial_is_said_to_have_nothing_to_hold_others_against() -> None:
    assert "Nowhere has serial a valid run" in page_of(a_result({"threads@32": [1.0] * 5}))
    assert "Nobody had a valid run" not in page_of(a_result({}))


def files_of(tmp_path: Path, number: int) -> list[Path]:
    """So many files, of as many machines."""
    return [
        saved(tmp_path / f"{place:03}.json.gz", measured(5 + place, host=f"host {place}"))
        for place in range(number)
    ]


@pytest.mark.parametrize("number", [3, 20])
def test_files_are_read_in_their_order_in_one_process_and_in_several(
    tmp_path: Path, number: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(loading, "cores", lambda: 2)
    paths = files_of(tmp_path, number)
    (tmp_path / "bad.json").write_text("no")
    members, broken = load_members([paths[0], tmp_path / "bad.json", *paths[1:]])

    assert [member.file for member in members] == [path.name for path in paths]
    assert [each.file for each in broken] == ["bad.json"]
    assert str(tmp_path) not in broken[0].why


def test_each_file_is_read_once_and_nothing_of_its_records_is_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[Path] = []
    load = results.load_comparison

    def counting(path: Path) -> Result:
        read.append(path)
        return load(path)

    monkeypatch.setattr(loading, "cores", lambda: 1)
    monkeypatch.setattr(results, "load_comparison", counting)
    paths = files_of(tmp_path, 20)
    members, _ = load_members(paths)

    assert read == paths
    kept = pickle.dumps(members)
    assert b"Member" in kept
    assert b"Records" not in kept


def test_what_a_terminal_sends_to_all_reaches_no_process_that_reads() -> None:
    # In a Python of its own: here the helper that unblocks signals may be running already.
    program = """
import signal
from producer.show.classes import load
with load._signals_blocked():
    process, _ = load._start([])
    print(signal.SIGINT in signal.pthread_sigmask(signal.SIG_BLOCK, []))
    process.join()
"""
    said = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert said.stdout == "True\n"


def test_the_same_result_counts_once_packed_or_not(tmp_path: Path) -> None:
    [path] = files_of(tmp_path, 1)
    (tmp_path / "other").mkdir()
    copy = tmp_path / "other" / path.name
    copy.write_bytes(path.read_bytes())
    unpacked = tmp_path / "unpacked.json"
    unpacked.write_bytes(gzip.decompress(path.read_bytes()))
    members, broken = load_members([path, copy, unpacked])

    assert [member.file for member in members] == ["000.json.gz (1)"]
    same = "the same result as 000.json.gz (1)"
    assert broken == [Broken("000.json.gz (2)", same), Broken("unpacked.json", same)]


def test_where_no_file_is_a_result_it_is_said_of_the_first(tmp_path: Path) -> None:
    (tmp_path / "a.json.gz").write_bytes(gzip.compress(b"{}"))
    with pytest.raises(ResultError) as caught:
        load_members([tmp_path / "none.json", tmp_path / "a.json.gz"])
    assert str(caught.value) == (
        "no file is a result (class): none.json: it cannot be read (load): No such file or directory "
        "(and 1 more)"
    )
