"""The page holds everything it shows, shows everything it should, and trusts no text."""

from __future__ import annotations

import json
import re
import sys
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest

from producer.results import Result
from producer.show.charts.entries import derive_fields
from producer.show.report import files
from producer.show.report.document import OPENING
from producer.show.report.figures import make_charts
from producer.show.report.glossary import mark_words
from producer.show.report.labelled import Labelled, label
from producer.show.report.page import write_page
from producer.system.gil import Gil
from producer.system.pythons import Python
from producer.words import SPACE
from tests.charted import Span, compared, one_after_the_other, placed
from tests.made import left_out, saved
from worker.errors import ResultError, UnavailableError

EVIL = "</script><script>alert(1)</script><img src=http://example.org/x>"


def shown(result: Result, name: str = "one") -> Labelled:
    """The result under a label."""
    return label(name, result)


def two_contenders() -> Result:
    """Five rounds of serial and threads."""
    runs = [*one_after_the_other("serial", 4.0), *one_after_the_other("threads@2", 1.0)]
    return compared(*runs)[0]


def count_pictures(result: Result) -> int:
    """How many pictures the charts of a result have together."""
    return sum(len(chart.pictures) for field in derive_fields(result) for chart in make_charts(field))


class Reader(HTMLParser):
    """Collects what would be fetched, and the text of the page."""

    def __init__(self) -> None:
        super().__init__()
        self.fetched: list[str] = []
        self.text = ""

    def handle_starttag(self, _tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        self.fetched += [value for name in ("src", "href") if (value := values.get(name)) and value[0] != "#"]

    def handle_data(self, data: str) -> None:
        self.text += data


def read(html: str) -> Reader:
    """The page, read."""
    reader = Reader()
    reader.feed(html)
    reader.close()
    return reader


def test_the_page_fetches_nothing() -> None:
    html = write_page([shown(two_contenders())])
    assert [link for link in read(html).fetched if not link.startswith("data:")] == []
    assert set(re.findall(r"https?://[^\s\"')]+", html)) == {"http://www.w3.org/2000/svg"}
    assert "@import" not in html
    assert "url(" not in html


def test_the_page_has_every_chart_the_table_the_answers_and_the_machine() -> None:
    text = read(write_page([shown(two_contenders())])).text
    for part in (
        *("How many times as fast as serial", "How long it took", "Who did what, and when"),
        *("How long each job took", "Waiting in the queue", "Throughput over time", "Speed against memory"),
        *("All the numbers", "What is the basic idea behind async?", "Process or thread?", "Linux 6.1"),
    ):
        assert part in text


def test_invalid_runs_and_who_was_left_out_are_told() -> None:
    lost = placed([(1, 0, 0, 1)], "celery:gevent@2", problems=["1 of 4 jobs was lost"])
    result, _ = compared(*one_after_the_other("serial", 4.0), lost)
    result.workloads[0].contenders.append(left_out("interpreters@2", "this is Python 3.11"))
    text = read(write_page([shown(replace(result, complete=False))])).text
    assert "celery:gevent@2, round 1: 1 of 4 jobs was lost. Such a run is invalid and counts nowhere." in text
    assert "Left out: interpreters@2: this is Python 3.11." in text
    assert "Incomplete: ended before the last round" in text
    assert "An invalid run, shown because there is no valid one." in text


def test_a_result_without_a_valid_run_has_a_page_too() -> None:
    nothing, _ = compared(placed([], problems=["its process died"]))
    text = read(write_page([shown(nothing)])).text
    assert "its process died" in text
    assert "How long it took" not in text


def test_a_result_without_any_run_has_a_page_too() -> None:
    result = two_contenders()
    assert "No contender ran." in read(write_page([shown(replace(result, runs=[]))])).text
    assert "Nothing was measured" in read(write_page([shown(replace(result, runs=[], workloads=[]))])).text


def test_several_results_stand_side_by_side_under_their_names() -> None:
    html = write_page([shown(two_contenders(), "before"), shown(two_contenders(), "after")])
    # Over the workload, what to take home, which pool, what Celery buys, the questions and the machine.
    assert html.count("<h3>before (CPython 3.11.7)</h3>") == 6
    assert html.count("<h3>after (CPython 3.11.7)</h3>") == 6
    lines = re.search(r'<script type="application/json" id="lines">(.*?)</script>', html)
    assert lines is not None
    assert sorted(json.loads(lines[1])) == ["waits-0", "waits-1"]


def test_a_number_at_a_glance_leads_to_the_timelines_of_its_result() -> None:
    html = write_page([shown(two_contenders(), "before"), shown(two_contenders(), "after")])
    links = re.findall(r'<a href="#([^"]*)" data-contender="([^"]*)"', html)
    assert sorted(links) == [
        (f"timeline-waits-{place}", name) for place in (0, 1) for name in ("serial", "threads@2")
    ]
    assert all(f'id="{target}"' in html for target, _ in links)


def under_two_pythons() -> Result:
    """Serial and threads under 3.13 and 3.14; asyncio under 3.14 only, and twice as fast."""
    result, _ = compared(
        *one_after_the_other("serial [3.14]", 4.0),
        *one_after_the_other("threads@2 [3.14]", 2.0),
        *one_after_the_other("asyncio@2 [3.14]", 1.0),
        *one_after_the_other("serial [3.13]", 8.0),
        *one_after_the_other("threads@2 [3.13]", 8.0),
    )
    gil = {"designs": Gil(True, True)}
    pythons = [
        Python(label, "python", f"CPython {label}.1", (3, minor), False, gil, {})
        for label, minor in (("3.13", 13), ("3.14", 14))
    ]
    return replace(result, pythons=pythons)


def test_pythons_stand_side_by_side_at_a_glance() -> None:
    html = write_page([shown(under_two_pythons())])
    table = html[html.index('<figure class="overview">') : html.index("</figure>")]
    assert re.findall(r'<th scope="col">(.*?)</th>', table) == ["waits [3.13]", "waits [3.14]"]
    cells = {
        name: re.findall(r"<td[^>]*><\w+[^>]*>(.*?)</\w+></td>", row)
        for name, row in re.findall(r'<tr><th scope="row">(.*?)</th>(.*?)</tr>', table)
    }
    slots, none = "<small>@2</small>", "<small></small>"
    assert cells == {
        "asyncio": ["–", f"4.00{slots}"],
        "serial": [f"0.50{none}", f"1.00{none}"],
        "threads": [f"0.50{slots}", f"2.00{slots}"],
    }
    assert "Makespan of serial [3.14] divided by" in read(table).text
    assert table.count(' best"') == 1


def test_who_may_be_the_fastest_is_framed_at_a_glance() -> None:
    alike = [run for name in ("asyncio@2", "threads@2") for run in one_after_the_other(name, 1.0, wobble=0.2)]
    html = write_page([shown(compared(*one_after_the_other("serial", 4.0), *alike)[0])])
    table = html[html.index('<figure class="overview">') : html.index("</figure>")]
    framed = re.findall(r'<td class="[^"]* best".*?data-contender="([^"]*)"', table)
    assert framed == ["asyncio@2", "threads@2"]


def test_an_option_is_not_broken_at_its_hyphens() -> None:
    marked = mark_words("<p>Try --jobs 600, or <code>--chunk</code>; well--known.</p>")
    assert re.findall(r'<span class="option">(.*?)</span>', marked) == ["--jobs"]


def test_a_lone_contender_has_nothing_to_be_compared_with_at_a_glance() -> None:
    html = write_page([shown(compared(*one_after_the_other("serial", 4.0))[0])])
    assert "How many times as fast as serial" not in html


def test_what_holds_for_many_is_told_once() -> None:
    names = ("serial", "threads@2", "asyncio@2")
    noisy = [run for name in names for run in one_after_the_other(name, 4.0, wobble=0.2)]
    result, _ = compared(*noisy)
    for name in ("celery:gevent@2", "celery:eventlet@2"):
        result.workloads[0].contenders.append(left_out(name, "greenlet has no build for this Python"))
    text = read(write_page([shown(result)])).text
    assert text.count("close what else runs, or ask for more --rounds") == 1
    assert "Likewise: " in text
    assert "Left out: celery:gevent@2 and celery:eventlet@2: greenlet has no build" in text


@pytest.mark.parametrize(("rounds", "interval"), [(5, True), (2, False)])
def test_a_curve_is_said_to_have_what_it_has(rounds: int, interval: bool) -> None:
    runs = [
        replace(run, slots=slots)
        for slots in (1, 2, 4)
        for run in one_after_the_other(f"threads@{slots}", 4.0 / slots, rounds)
    ]
    html = write_page([shown(compared(*runs)[0])])
    assert html.index("How it scales") < html.index("How long it took") < html.index("Who did what")
    text = read(html).text.replace(SPACE, " ")
    assert ("Throughput at each concurrency with its 95 % interval." in text) == interval
    assert "the dashed line the fitted law" not in text
    assert "The large diamond" not in text


def test_a_timeline_says_that_slots_stood_idle() -> None:
    alone = replace(placed([(1, 0, 0, 1), (1, 0, 1, 2)], "threads@32"), slots=32)
    text = write_page([shown(compared(alone)[0])])
    assert "2 jobs in 1 lane; no more of its 32 slots were busy at the same time." in text


def test_no_text_of_a_result_becomes_markup() -> None:
    broken = placed([(1, 0, 0, 1)], EVIL, problems=[EVIL])
    result, _ = compared(broken, *one_after_the_other(f"threads{EVIL}@2", 1.0))
    result.workloads[0].contenders.append(left_out(EVIL, EVIL))
    result.workloads[0].description = EVIL
    html = write_page([shown(replace(result, broker=EVIL), EVIL)])
    assert EVIL not in html
    assert "<img" not in html
    assert html.count("<script") == 2


def test_a_hundred_thousand_jobs_fit_into_a_small_page() -> None:
    jobs: list[Span] = [(1 + place % 8, 0.0, place / 1e4, place / 1e4 + 0.0008) for place in range(100_000)]
    html = write_page([shown(compared(placed(jobs, "celery:prefork@8"))[0])])
    assert len(html.encode()) < 1e6
    assert "Thinned: 100,000 jobs are drawn as " in html


@pytest.mark.untraced
def test_many_contenders_with_many_jobs_fit_into_six_megabytes() -> None:
    jobs: list[Span] = [(1 + place % 8, 0.0, place / 777, place / 777 + 0.0098765) for place in range(3000)]
    runs = [placed(jobs, f"celery:gevent@{slots}") for slots in range(1, 81)]
    html = write_page([shown(compared(*runs)[0])])
    assert 3e6 < len(html.encode()) < 6e6
    assert "Thinned: 3,000 jobs are drawn as 1,000 bars" in html.replace(SPACE, " ")


def test_labels_are_the_names_of_the_files(tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    paths = [saved(tmp_path / name, two_contenders()) for name in ("a.json.gz", "b.json", "sub/b.json")]
    assert [page.label for page in files.load(paths)] == ["a", "b (2)", "b (3)"]


def test_a_report_may_be_made_again_but_nothing_else_is_overwritten(tmp_path: Path) -> None:
    result = two_contenders()
    out = tmp_path / "new" / "report.html"
    size = files.write([shown(result)], out)
    assert out.stat().st_size == size
    files.write([shown(result)], out)
    assert out.read_text().startswith(OPENING)
    precious = saved(tmp_path / "result.json", result)
    before = precious.read_bytes()
    with pytest.raises(ResultError, match="is no report"):
        files.write([shown(result)], precious)
    assert precious.read_bytes() == before
    assert sorted(path.name for path in tmp_path.iterdir()) == ["new", "result.json"]


def test_a_report_that_cannot_be_written_is_an_error_in_words(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ResultError, match="cannot be written"):
        files.write([shown(two_contenders())], tmp_path / "file" / "report.html")
    with pytest.raises(ResultError, match="cannot be written"):
        files.write_static([shown(two_contenders())], tmp_path / "file", png=False)


def test_every_chart_is_a_file_for_slides(tmp_path: Path) -> None:
    pytest.importorskip("resvg_py")
    number = files.write_static([shown(two_contenders())], tmp_path, png=True)
    names = {path.name for path in tmp_path.iterdir()}
    assert number == count_pictures(two_contenders())
    assert len(names) == 2 * number
    assert {"waits-makespan.svg", "waits-makespan.png", "waits-timeline-threads@2.svg"} <= names
    assert (tmp_path / "waits-cpu.png").read_bytes().startswith(b"\x89PNG")
    assert "var(" not in (tmp_path / "waits-makespan.svg").read_text()


def test_files_of_several_results_are_told_apart(tmp_path: Path) -> None:
    both = [shown(two_contenders(), "be/fore"), shown(two_contenders(), "after")]
    assert files.write_static(both, tmp_path, png=False) == 2 * count_pictures(two_contenders())
    assert {"be-fore-waits-speed-memory.svg", "after-waits-speed-memory.svg"} <= {
        path.name for path in tmp_path.iterdir()
    }


def test_png_without_its_package_is_an_error_in_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "resvg_py", None)
    with pytest.raises(UnavailableError, match="resvg-py"):
        files.write_static([shown(two_contenders())], tmp_path, png=True)
