"""The page of a class in a real browser: nothing fails, nothing is fetched, everything fits."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import pytest
from playwright.sync_api import Browser, expect

from producer.contender_name import ContenderName
from producer.results import ExpectedSpeed, Prediction, Result
from producer.show.classes.load import Broken
from producer.show.classes.page import write_class_page
from producer.stats.classes import collate, summarise
from tests.browser.reports import LAPTOP, PHONE, PROJECTOR, opened
from tests.made import a_result, on

pytestmark = [pytest.mark.browser, pytest.mark.untraced]


def machine(place: int) -> Result:
    """One of thirty machines of four kinds, whose owner has predicted something."""
    times = 10.0 + place % 7
    made = a_result(
        {"serial": [1.0] * 5, "threads@32": [1 / times] * 5, "celery:threads@32": [2 / times] * 5}
    )
    celery = ContenderName.parse("celery:threads@32")
    made.predictions = [
        Prediction("waits", celery, 4.0 * (1 + place % 3), [ExpectedSpeed(celery, 1.0 + place)])
    ]
    return on(made, cores=2 + 6 * (place % 2), python="CPython 3.14.0", gil=place % 4 > 1)


@pytest.fixture(scope="module")
def page_of_a_class(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page of thirty machines, and of a file that is broken."""
    members = [summarise(f"laptop-{place}.json.gz", machine(place)) for place in range(30)]
    path = tmp_path_factory.mktemp("class") / "class.html"
    path.write_text(write_class_page(collate(members), [Broken("bad.json", "it is no result")]))
    return path


@pytest.mark.parametrize("size", [PHONE, LAPTOP, PROJECTOR])
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_page_fits_and_fetches_nothing(
    browser: Browser, page_of_a_class: Path, size: tuple[int, int], theme: Literal["light", "dark"]
) -> None:
    with opened(browser, page_of_a_class, size, theme) as (page, _):
        assert page.evaluate("document.documentElement.scrollWidth") <= size[0]
        assert page.locator("figure.chart svg:visible").count() == 2
        assert page.get_by_text("bad.json is left out").is_visible()


def test_each_machine_has_a_mark_that_names_its_file(browser: Browser, page_of_a_class: Path) -> None:
    with opened(browser, page_of_a_class) as (page, _):
        marks = page.locator("figure.chart .wide svg").first.locator("path[data-tip]")
        assert marks.count() == 2 * 30  # two contenders
        tips = [mark.get_attribute("data-tip") or "" for mark in marks.all()]
        assert len({tip.splitlines()[0] for tip in tips}) == 30
        assert tips[0].startswith("laptop-")


def test_the_text_of_the_drawings_is_readable_on_a_projector(browser: Browser, page_of_a_class: Path) -> None:
    with opened(browser, page_of_a_class, (1280, 720)) as (page, _):
        smallest = page.evaluate(
            """() => Math.min(...[...document.querySelectorAll("svg text")]
              .filter((text) => text.checkVisibility() && text.getBoundingClientRect().width)
              .map((text) => text.getBoundingClientRect().height))"""
        )
        assert smallest >= 12


def test_a_table_that_is_cut_says_so(browser: Browser, page_of_a_class: Path) -> None:
    with opened(browser, page_of_a_class, PHONE) as (page, _):
        cut = page.locator("figure", has=page.get_by_text("The same by cores, Python and GIL"))
        expect(cut.locator(".more")).to_be_visible()
        cut.locator(".scroll").evaluate("scroll => { scroll.scrollLeft = scroll.scrollWidth; }")
        expect(cut.locator(".more")).to_be_hidden()


def test_what_is_higher_than_the_screen_is_gone_through_before_the_page_is_turned(
    browser: Browser, page_of_a_class: Path
) -> None:
    with opened(browser, page_of_a_class, (1280, 400)) as (page, _):
        page.keyboard.press("p")
        place, slide = page.locator("#present .place"), page.locator("#present .slide")
        left = "slide => slide.scrollHeight - slide.clientHeight - slide.scrollTop"
        assert slide.evaluate(left) > 1
        while slide.evaluate(left) > 1:
            page.keyboard.press("PageDown")
            assert place.inner_text() == "1 / 3"
        page.keyboard.press("PageDown")
        assert place.inner_text() == "2 / 3"
        page.keyboard.press("ArrowLeft")
        assert place.inner_text() == "1 / 3"


def test_it_is_presented_figure_by_figure(browser: Browser, page_of_a_class: Path) -> None:
    with opened(browser, page_of_a_class, (1280, 720)) as (page, _):
        page.keyboard.press("p")
        assert page.locator("#present .place").text_content() == "1 / 3"
        page.keyboard.press("ArrowRight")
        assert page.locator("#present figure h4").text_content() == "The same by cores, Python and GIL"
        page.keyboard.press("Escape")
        assert page.locator("#present").is_hidden()
