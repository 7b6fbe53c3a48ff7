"""A report in a real browser: nothing fails, nothing is fetched, everything is there and fits."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Literal

import pytest
from playwright.sync_api import Browser

from producer.show.report import files
from producer.show.report.labelled import label
from tests.browser.reports import LAPTOP, PHONE, PROJECTOR, SMALLEST, UNFOLD, opened, write_three
from tests.charted import Span, compared, one_after_the_other, placed

pytestmark = [pytest.mark.browser, pytest.mark.untraced]

#: How many of a canvas's dots are not the colour of the page.
DRAWN = """canvas => {
  const data = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data;
  let drawn = 0;
  for (let dot = 3; dot < data.length; dot += 4) drawn += data[dot] > 0;
  return drawn;
}"""
BACKGROUND = "getComputedStyle(document.body).backgroundColor"


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A report of three contenders, one of them invalid."""
    return write_three(tmp_path_factory.mktemp("report") / "report.html")


@pytest.mark.parametrize("size", [PHONE, LAPTOP, PROJECTOR])
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_everything_is_there_and_fits(
    browser: Browser, report: Path, size: tuple[int, int], theme: Literal["light", "dark"]
) -> None:
    with opened(browser, report, size, theme) as (page, _):
        assert page.evaluate("document.documentElement.scrollWidth") == size[0]
        page.evaluate(UNFOLD)
        charts = page.locator("figure.chart").all()
        assert len(charts) == 8
        for chart in charts:
            svg = chart.locator("svg:visible").first
            box = svg.bounding_box()
            assert box is not None
            assert box["height"] > 50
            assert "serial" in (svg.text_content() or "")
            assert chart.locator("figcaption").inner_text().endswith(".")
        assert page.locator("figure.timeline canvas").evaluate(DRAWN) > 1000
        size_px, _ = page.locator("body").evaluate(SMALLEST)
        assert size_px >= 15
        assert min(page.evaluate("drawnSizes")) >= 15
        # Unfolded it fits as well.
        assert page.evaluate("document.documentElement.scrollWidth") == size[0]


@pytest.mark.parametrize(
    "names",
    [
        ("serial [3.14]", "celery:eventlet@1000 [3.14.10t]", "asyncio+threads@1000 [3.13t #2]"),
        ("serial", "asyncio+threads@32"),  # few letters that are narrow
    ],
)
@pytest.mark.parametrize("size", [PHONE, LAPTOP, PROJECTOR])
def test_no_text_of_a_chart_is_cut_off(
    browser: Browser, tmp_path: Path, size: tuple[int, int], names: Sequence[str]
) -> None:
    result, _ = compared(*(run for name in names for run in one_after_the_other(name, 4.0)))
    path = tmp_path / "names.html"
    files.write([label("names", result)], path)
    with opened(browser, path, size) as (page, _):
        page.evaluate(UNFOLD)
        outside = page.evaluate(
            """[...document.querySelectorAll("figure.chart svg text")].filter((text) => {
                const [inner, outer] = [text, text.ownerSVGElement].map(
                    (element) => element.getBoundingClientRect()
                );
                return inner.width && (inner.left < outer.left - 0.5 || inner.right > outer.right + 0.5);
            }).map((text) => text.textContent)"""
        )
        assert outside == []


def test_the_theme_follows_the_system_until_it_is_chosen(browser: Browser, report: Path) -> None:
    with opened(browser, report, theme="dark") as (page, _):
        dark = page.evaluate(BACKGROUND)
        page.get_by_role("button", name="Light").click()
        light = page.evaluate(BACKGROUND)
        assert light != dark
        page.reload()
        assert page.evaluate(BACKGROUND) == light
        page.get_by_role("button", name="Dark").click()
        assert page.evaluate(BACKGROUND) == dark
    with opened(browser, report, theme="light") as (page, _):
        assert page.evaluate(BACKGROUND) == light


def test_a_contender_is_chosen_and_its_jobs_are_shown(browser: Browser, report: Path) -> None:
    with opened(browser, report) as (page, _):
        timeline = page.locator("figure.timeline")
        caption, canvas, tip = (
            timeline.locator("figcaption"),
            timeline.locator("canvas"),
            page.locator("#tip"),
        )
        # The first with more than one lane.
        assert caption.inner_text().startswith("celery:prefork@2 had up to 30 jobs open")
        timeline.get_by_role("button", name="serial").click()
        assert caption.inner_text().startswith("serial did one job at a time")
        canvas.hover(position={"x": 600, "y": 8})
        assert tip.inner_text().split("\n") == [
            "job 1",
            "process 1, lane 1",
            "began at 1.00 s",
            "waited 1.00 s",
            "was done in 1.00 s, alone 1.00 s",
        ]
        timeline.get_by_role("button", name="threads@2").click()
        assert "An invalid run" in timeline.locator(".run").inner_text()


def test_a_piece_of_time_is_drawn_closer_and_the_whole_run_again(browser: Browser, report: Path) -> None:
    with opened(browser, report) as (page, _):
        canvas, whole = page.locator("figure.timeline canvas"), page.locator("figure.timeline .whole")
        before = canvas.evaluate("canvas => canvas.toDataURL()")
        assert whole.is_hidden()
        canvas.drag_to(canvas, source_position={"x": 300, "y": 8}, target_position={"x": 400, "y": 8})
        assert whole.is_visible()
        assert canvas.evaluate("canvas => canvas.toDataURL()") != before
        whole.click()
        page.mouse.move(0, 0)
        assert canvas.evaluate("canvas => canvas.toDataURL()") == before


def test_charts_say_their_numbers_where_they_are_pointed_at(browser: Browser, report: Path) -> None:
    with opened(browser, report) as (page, _):
        page.locator("figure.chart svg:visible [data-tip^='serial']").first.hover()
        assert page.locator("#tip").inner_text().startswith("serial\nmakespan 4.00")


def test_a_job_is_shown_where_a_phone_is_touched(browser: Browser, report: Path) -> None:
    with opened(browser, report, PHONE, touch=True) as (page, _):
        page.locator("figure.timeline canvas").tap(position={"x": 150, "y": 8})
        assert page.locator("#tip").inner_text().startswith("job ")


def test_several_results_fit_too(browser: Browser, tmp_path: Path) -> None:
    result, _ = compared(*one_after_the_other("serial", 4.0), *one_after_the_other("threads@2", 1.0))
    path = tmp_path / "several.html"
    files.write([label(name, result) for name in ("before", "after", "long-name-" * 8)], path)
    for size in (PHONE, LAPTOP, PROJECTOR):
        with opened(browser, path, size) as (page, _):
            assert page.evaluate("document.documentElement.scrollWidth") == size[0]
            assert page.locator("figure.timeline canvas").count() == 3


def test_a_hundred_thousand_jobs_stay_usable(browser: Browser, tmp_path: Path) -> None:
    jobs: list[Span] = [(1, 0.0, place / 1e4, place / 1e4 + 0.0099) for place in range(100_000)]
    path = tmp_path / "large.html"
    files.write([label("large", compared(placed(jobs, "celery:gevent@100"))[0])], path)
    with opened(browser, path) as (page, _):
        canvas = page.locator("figure.timeline canvas")
        assert "Thinned: 100,000 jobs" in page.locator("figure.timeline .run").inner_text()
        canvas.hover(position={"x": 600, "y": 100})
        assert "jobs from job" in page.locator("#tip").inner_text()
