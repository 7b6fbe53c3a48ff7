"""Predicting first on the live page: a form, by mouse and by keyboard, on a laptop and on a phone."""

from __future__ import annotations

from typing import Any, Literal

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.live_page import LAPTOP, PHONE, opened
from tests.browser.live_server import LiveServer

pytestmark = [pytest.mark.browser, pytest.mark.untraced]


def asked(workload: str, rounds: int = 5, **answers: Any) -> tuple[str, str, dict[str, Any]]:
    """What the page asks the server for."""
    request = {"kind": "lesson", "workloads": [workload], "predictions": {workload: answers}}
    return "/runs", "Bearer secret", {**request, "rounds": rounds, "seed": 2026}


def unfold(page: Page) -> None:
    """Open the form."""
    page.get_by_text("Predict first, then measure").click()
    expect(page.locator("#lesson")).to_be_visible()


def test_what_is_expected_goes_with_the_request(browser: Browser, live: LiveServer) -> None:
    with opened(browser, live, complaints=True) as page:
        unfold(page)
        expect(page.locator("#lesson-what")).to_contain_text("60 jobs: chess opponents who think")
        page.get_by_label("Who will be the fastest?").select_option("threads@32")
        page.get_by_label("will the fastest be?").fill("20")
        page.get_by_label("And celery:threads@32").fill("12.5")
        page.get_by_role("button", name="Measure it").click()
        assert live.posts.get(timeout=60) == asked(
            "waits", fastest="threads@32", times=20, with_32_slots=12.5
        )
        expect(page.locator("#asked-lesson")).to_contain_text("asked for")
        live.answer = (400, {"error": "predictions: waits: times: 0 is no number"})
        page.get_by_role("button", name="Measure it").click()
        expect(page.locator("#asked-lesson")).to_have_text("predictions: waits: times: 0 is no number")


def test_another_workload_has_other_choices_and_nothing_need_be_guessed(
    browser: Browser, live: LiveServer
) -> None:
    with opened(browser, live) as page:
        unfold(page)
        page.locator("#lesson-workload").select_option("search")
        expect(page.locator("#lesson-what")).to_contain_text("chess positions searched")
        page.get_by_label("Runs of each").fill("7")
        page.get_by_role("button", name="Measure it").click()
        assert live.posts.get(timeout=60) == asked("search", rounds=7)


def test_a_number_that_cannot_be_is_told_by_the_browser(browser: Browser, live: LiveServer) -> None:
    with opened(browser, live) as page:
        unfold(page)
        page.get_by_label("will the fastest be?").fill("0.5")
        page.get_by_role("button", name="Measure it").click()
        assert page.locator("#lesson :invalid").count() >= 1
        assert live.posts.empty()


def test_all_of_it_works_by_keyboard(browser: Browser, live: LiveServer) -> None:
    with opened(browser, live) as page:
        page.locator("#more-lessons summary").focus()
        page.keyboard.press("Enter")
        page.keyboard.press("Tab")  # the workload
        page.keyboard.press("Tab")  # who wins
        page.keyboard.type("asy")
        page.keyboard.press("Tab")
        page.keyboard.type("25")
        page.keyboard.press("Enter")
        assert live.posts.get(timeout=60) == asked("waits", fastest="asyncio@32", times=25)


def test_what_was_typed_stays_when_the_server_comes_back(browser: Browser, live: LiveServer) -> None:
    with opened(browser, live, complaints=True) as page:
        unfold(page)
        page.get_by_label("will the fastest be?").fill("20")
        live.send("snapshot", live.snapshot())
        live.send("queue", [{"id": "abc", "title": "waits", "names": []}])
        expect(page.locator("#queue")).to_contain_text("waits")
        expect(page.get_by_label("will the fastest be?")).to_have_value("20")


def test_without_a_token_or_without_lessons_nothing_is_started(browser: Browser, live: LiveServer) -> None:
    with opened(browser, live, token="") as page:
        unfold(page)
        expect(page.get_by_role("button", name="Measure it")).to_be_disabled()
    live.lessons = []
    with opened(browser, live) as page:
        expect(page.locator("#more-lessons")).to_be_hidden()


@pytest.mark.parametrize("size", [PHONE, LAPTOP])
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_form_fits(
    browser: Browser, live: LiveServer, size: tuple[int, int], theme: Literal["light", "dark"]
) -> None:
    with opened(browser, live, size, theme) as page:
        unfold(page)
        assert page.evaluate("document.documentElement.scrollWidth") <= size[0]
        for field in page.locator("#lesson [data-question], #go-lesson").all():
            box = field.bounding_box()
            assert box
            assert box["x"] >= 0
            assert box["x"] + box["width"] <= size[0]
            assert float(field.evaluate("field => parseFloat(getComputedStyle(field).fontSize)")) >= 14
