"""The live page on a phone and on a projector, and in its colours."""

from __future__ import annotations

from typing import Literal

import pytest
from playwright.sync_api import Browser, expect

from producer.show.svg.palette import DARK, LIGHT
from tests.browser import exhibited
from tests.browser.live_page import (
    GAMES,
    IDENT,
    LAPTOP,
    MOVES,
    PHONE,
    PROJECTOR,
    SMALLEST,
    SMALLEST_BESIDE_BOARDS,
    at_time,
    opened,
)
from tests.browser.live_server import LiveServer

pytestmark = [pytest.mark.browser, pytest.mark.untraced]


def test_a_comparison_is_presented_in_large_letters(browser: Browser, live: LiveServer) -> None:
    live.runs = [exhibited.tell_comparison()]
    with opened(browser, live, PROJECTOR) as page:
        page.keyboard.press("p")
        expect(page.locator(".row").first).to_be_visible()
        expect(page.locator("#exhibition")).to_be_hidden()
        smallest, text = page.evaluate(SMALLEST)
        assert smallest >= 18, text


@pytest.mark.parametrize("size", [PHONE, LAPTOP], ids=str)
def test_no_text_beside_the_boards_is_small(
    browser: Browser, live: LiveServer, size: tuple[int, int]
) -> None:
    live.runs = [exhibited.tell_comparison(done=True), exhibited.tell_state(GAMES, IDENT, "done")]
    live.moves = {IDENT: MOVES}
    with opened(browser, live, size) as page:
        expect(page.locator("iframe")).to_be_attached()
        page.get_by_text("More options").click()
        smallest, text = page.evaluate(SMALLEST_BESIDE_BOARDS)
        assert smallest >= 15, text


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_a_phone_is_wide_enough(browser: Browser, live: LiveServer, theme: Literal["light", "dark"]) -> None:
    live.runs = [exhibited.tell_comparison(done=True), exhibited.tell_state(GAMES, IDENT, "done")]
    live.moves = {IDENT: MOVES}
    for token in ("", "secret"):
        with opened(browser, live, PHONE, theme, token) as page:
            expect(page.locator("iframe")).to_be_attached()
            page.get_by_text("More options").click()
            page.keyboard.press("p")
            assert page.evaluate("document.documentElement.scrollWidth") == PHONE[0]
            for figures in page.locator(".figures").all():
                assert figures.evaluate("figures => figures.scrollWidth <= figures.clientWidth")


@pytest.mark.parametrize("size", [PROJECTOR, LAPTOP, (1440, 900), (1920, 950)], ids=str)
def test_on_a_wide_screen_all_boards_and_sentences_stand_above_the_player(
    browser: Browser, finished: LiveServer, size: tuple[int, int]
) -> None:
    with opened(browser, finished, size) as page:
        at_time(page, 0.5)
        page.locator("#lanes").evaluate("lanes => lanes.scrollIntoView()")
        player = page.locator("#player").bounding_box()
        assert player is not None
        for shown in page.locator(".board, .told .sentence").all():
            box = shown.bounding_box()
            assert box is not None
            assert box["y"] + box["height"] <= player["y"]


def test_both_clocks_of_a_board_are_seen_and_one_where_it_is_presented(
    browser: Browser, finished: LiveServer
) -> None:
    # Black is to move; a phone presents nothing.
    for size, presented in ((PHONE, ["0:02", "0:27"]), (PROJECTOR, ["0:27"])):
        with opened(browser, finished, size) as page:
            at_time(page, 0.5)
            clocks = page.locator(".board").first.locator(".clock:visible")
            assert clocks.all_inner_texts() == ["0:02", "0:27"]
            page.keyboard.press("p")
            assert clocks.all_inner_texts() == presented


@pytest.mark.parametrize("size", [PROJECTOR, (1280, 640), (1024, 768)], ids=str)
def test_where_a_race_is_presented_no_clock_covers_the_number_of_its_board(
    browser: Browser, finished: LiveServer, size: tuple[int, int]
) -> None:
    with opened(browser, finished, size) as page:
        page.keyboard.press("p")
        for time_s in (0.5, 10.7):  # then some say 10:42
            at_time(page, time_s)
            for board in page.locator(".board").all():
                number = board.locator(".about b").first.bounding_box()
                assert number is not None
                for clock in board.locator(".clock:visible").all():
                    box = clock.bounding_box()
                    assert box is not None
                    assert box["x"] >= number["x"] + number["width"]


@pytest.mark.parametrize("time_s", [0, 0.5, 12.1])
def test_a_race_fits_a_projector_in_large_letters(
    browser: Browser, finished: LiveServer, time_s: float
) -> None:
    with opened(browser, finished, PROJECTOR) as page:
        page.keyboard.press("p")
        at_time(page, time_s)
        size = "[document.documentElement.scrollWidth, document.documentElement.scrollHeight]"
        assert page.evaluate(size) == list(PROJECTOR)
        smallest, text = page.evaluate(SMALLEST)
        assert smallest >= 18, text
        boxes = [board.bounding_box() for board in page.locator(".board .squares").all()]
        assert len(boxes) == 48
        for box in boxes:
            assert box is not None
            assert box["width"] >= 80
            assert box["y"] >= 0
            assert box["y"] + box["height"] <= PROJECTOR[1]
        # Nothing that is said is cut off.
        for told in page.locator(".told, .figures, .head").all():
            assert told.evaluate(
                "e => e.scrollHeight <= e.clientHeight + 1 && e.scrollWidth <= e.clientWidth + 1"
            )
        page.keyboard.press("Escape")
        expect(page.locator("header")).to_be_visible()


def test_a_hundred_boards_and_three_judits_fit_too(browser: Browser, live: LiveServer) -> None:
    games = exhibited.make_games(100, 5)
    race = exhibited.tell_state(games, IDENT, "done", hour_s=60)
    # Three of them make three moves in the time of one.
    moves = [
        [board, ply, move, start / 3, start / 3 + end - start]
        if ply % 2 == 0
        else [board, ply, move, end / 3, end / 3]
        for board, ply, move, start, end in exhibited.tell_moves(games, False, 60)
    ]
    live.runs = [{**race, "judits": 3, "lanes": [{**race["lanes"][1], "measured_s": None, "account": None}]}]
    live.moves = {IDENT: {"0": moves}}
    with opened(browser, live, PROJECTOR) as page:
        page.keyboard.press("p")
        at_time(page, 0.5)
        assert page.locator(".judit:visible").count() == 3
        last = page.locator(".board .squares").last.bounding_box()
        assert last is not None
        assert last["y"] + last["height"] <= PROJECTOR[1]
        assert page.evaluate(SMALLEST)[0] >= 18


def test_the_colours_are_the_labs(browser: Browser, live: LiveServer) -> None:
    for theme, palette in (("light", LIGHT), ("dark", DARK)):
        with opened(browser, live, theme=theme) as page:  # type: ignore[arg-type]  # the two that there are
            names = [name for name in palette if not name.startswith(("process", "part-"))]
            shown = page.evaluate(
                """(names) => names.map((name) => {
                    document.body.style.color = `var(--${name})`;
                    return getComputedStyle(document.body).color;
                })""",
                names,
            )
            wanted = [
                f"rgb({', '.join(str(int(palette[n][i : i + 2], 16)) for i in (1, 3, 5))})" for n in names
            ]
            assert shown == wanted
