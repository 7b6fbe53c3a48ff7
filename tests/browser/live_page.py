"""The live page, open in a browser at a server of canned events."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal

from playwright.sync_api import Browser, Locator, Page, expect

from tests.browser import exhibited
from tests.browser.live_server import LiveServer

IDENT = "0123456789ab"
PHONE, LAPTOP, PROJECTOR = (390, 844), (1280, 800), (1280, 720)
#: The squares of every board of every lane, a8 to h1, as they are drawn.
SQUARES = """() => [...document.querySelectorAll(".lane")].map((lane) =>
  [...lane.querySelectorAll(".board")].map((board) =>
    [...board.querySelectorAll(".piece")].map((piece) => piece.dataset.piece).join("")))"""
#: The smallest text that can be read, in px, and what it says.
SMALLEST = """() => [...document.querySelectorAll("body *")]
  .filter((element) => element.checkVisibility() && element.getClientRects().length
    && !element.closest(".unseen")
    && [...element.childNodes].some((node) => node.nodeType === 3 && node.textContent.trim()))
  .map((element) => [parseFloat(getComputedStyle(element).fontSize), element.textContent.trim()])
  .sort((one, other) => one[0] - other[0])[0]"""
#: The same, without what stands on small boards.
SMALLEST_BESIDE_BOARDS = SMALLEST.replace('".unseen"', '".unseen, .boards"')
GAMES = exhibited.make_games()
MOVES = exhibited.tell_all_moves(GAMES)
ENDS = [exhibited.position(game) for game in GAMES]


@contextmanager
def opened(
    browser: Browser,
    live: LiveServer,
    size: tuple[int, int] = LAPTOP,
    theme: Literal["light", "dark"] = "light",
    token: str = "secret",
    complaints: bool = False,
) -> Iterator[Page]:
    """The page, open and connected; it has complained of nothing when it closes, unless it may."""
    address = live.address + (f"#token={token}" if token else "")
    with visited(browser, address, size, theme, complaints) as page:
        expect(page.locator("#lane-0 option")).to_have_count(len(live.contenders))
        yield page


@contextmanager
def visited(
    browser: Browser,
    address: str,
    size: tuple[int, int] = LAPTOP,
    theme: Literal["light", "dark"] = "light",
    complaints: bool = False,
) -> Iterator[Page]:
    """A page, in a context of its own; it has complained of nothing when it closes, unless it may."""
    said: list[str] = []
    context = browser.new_context(viewport={"width": size[0], "height": size[1]}, color_scheme=theme)
    page = context.new_page()
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.goto(address)
    try:
        yield page
    finally:
        context.close()
    assert complaints or said == []


def expect_drawn(page: Page, lanes: list[list[str]]) -> None:
    """Wait until the boards of the lanes show these positions: moves come, and are drawn, after words."""
    page.wait_for_function(f"lanes => JSON.stringify(({SQUARES})()) === JSON.stringify(lanes)", arg=lanes)


def made(page: Page, lane: int) -> Locator:
    """Where a lane says how many moves were made."""
    return page.locator(".lane").nth(lane).locator(".figures dd").nth(1)


def at_time(page: Page, time_s: float) -> list[list[str]]:
    """Put the replay to a time, as by dragging its slider; returns what is drawn then."""
    page.locator("#time").evaluate(
        "(slider, time) => { slider.value = time; slider.dispatchEvent(new Event('input')); }", time_s
    )
    page.evaluate("() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
    drawn: list[list[str]] = page.evaluate(SQUARES)
    return drawn


def positions(lane: str, time_s: float) -> list[str]:
    """Return what python-chess has on every board of a lane at a time."""
    made: list[list[str]] = [[] for _ in GAMES]
    for board, _, move, _, finished_s in MOVES[lane]:
        if finished_s <= time_s:
            made[board].append(move)
    return [exhibited.position(moves) for moves in made]
