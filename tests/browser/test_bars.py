"""The canvas of a timeline fills bars as high as their jobs ran, and hatches where the loop stood still."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Browser, Position

from producer.show.report import files
from producer.show.report.labelled import label
from tests.browser.reports import LAPTOP, PHONE, opened
from tests.charted import Span, compared, placed

pytestmark = [pytest.mark.browser, pytest.mark.untraced]

#: How much is seen of the colour of a canvas in a column of dots, from the top down.
COLUMN = """(canvas, x) => {
  const data = canvas.getContext("2d").getImageData(x * devicePixelRatio, 0, 1, 30 * devicePixelRatio).data;
  return [...data].filter((_, place) => place % (4 * devicePixelRatio) === 3);
}"""

TURNS: list[Span] = [(1, 0.0, 0.0, 2.0), (1, 0.0, 0.0, 2.0), (1, 0.0, 2.0, 4.0), (1, 0.0, 2.0, 4.0)]


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Threads that took turns, and a loop that stood still."""
    runs = [
        placed(TURNS, "threads@2", shares=[0.5] * 4, gil=True),
        placed(TURNS, "asyncio@2", stalls=[(0.5, 1.5), (2.5, 0.05)], gil=True),
    ]
    path = tmp_path_factory.mktemp("bars") / "report.html"
    files.write([label("one", compared(*runs, wait_s=0.0, work_s=1.0)[0])], path)
    return path


def test_a_bar_is_full_below_and_pale_above(browser: Browser, report: Path) -> None:
    with opened(browser, report) as (page, _):
        page.get_by_role("button", name="threads@2").click()
        canvas = page.locator("figure.timeline canvas")
        column = canvas.evaluate(COLUMN, 600)
        # A lane is 26 high: its bar is half full.
        assert column[6] == pytest.approx(255 * 0.3, abs=2)
        assert column[20] == 255
        canvas.hover(position={"x": 600, "y": 8})
        told = page.locator("#tip").inner_text().split("\n")
        assert told[-1] == "ran 1.00 s of 2.00 s, alone 1.00 s"
        assert "jobs really ran for 50\u00a0%" in page.locator("figure.timeline .run").inner_text()


@pytest.mark.parametrize("size", [PHONE, LAPTOP])
def test_where_the_loop_stood_still_is_said_above_the_lanes(
    browser: Browser, report: Path, size: tuple[int, int]
) -> None:
    with opened(browser, report, size) as (page, _):
        timeline = page.locator("figure.timeline")
        timeline.get_by_role("button", name="asyncio@2").click()
        caption = timeline.locator("figcaption").inner_text()
        assert "Its event loop stood still 2 times, for 1.55\u00a0s in all, once for 1.50\u00a0s" in caption
        canvas = timeline.locator("canvas")
        width = canvas.evaluate("canvas => canvas.clientWidth")
        strip = Position(x=width * 0.4, y=5)
        (canvas.hover if size is LAPTOP else canvas.click)(position=strip)
        assert page.locator("#tip").inner_text() == "the loop stood still for 1.50 s,\nfrom 500 ms on"
        # Below the strip are the lanes, as before.
        canvas.hover(position={"x": width * 0.4, "y": 30})
        assert page.locator("#tip").inner_text().startswith("job 0\n")
        assert "was done in 2.00 s" in page.locator("#tip").inner_text()
