"""A whole exhibition, watched in a real browser: by the real server, with real workers."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import chess.pgn
import pytest
from playwright.sync_api import Browser, Page, expect

from producer.exhibition.program import Program
from producer.live.feed import STREAM, WATCHED
from producer.system.broker import Broker
from producer.system.client import connect
from tests.browser.exhibited import position
from tests.browser.live_page import at_time, expect_drawn, made, visited
from tests.helpers import SOON_S, simul
from tests.live_site import Site, live_site

pytestmark = [pytest.mark.browser, pytest.mark.untraced]

#: One game after the other they take three seconds.
PROGRAM = Program(opponents=6, moves=5, hour_s=6, judits=1, seed=11)
ENDS = [position(game.moves) for game in PROGRAM.games]
SOON_MS = 1000 * SOON_S
MEASURED = re.compile(r"^[\d.]+ m?s$")


@pytest.fixture
def site(broker: Broker, tmp_path: Path) -> Iterator[Site]:
    """A server over the tests' broker, in which nothing is that is shown."""
    with contextlib.closing(connect(broker.url)) as client:
        client.delete(STREAM, WATCHED)
        try:
            with live_site(tmp_path, "--broker", broker.url) as site:
                yield site
        finally:
            client.delete(WATCHED, *client.keys("simul:live*"))


def start(page: Page) -> None:
    """Start the race by its button: serial against celery:gevent."""
    expect(page.locator("#lane-0")).to_have_value("serial", timeout=SOON_MS)
    expect(page.locator("#lane-1")).to_have_value("celery:gevent")
    page.locator("#start summary").click()
    for field in ("opponents", "moves", "seed"):
        page.locator(f"#{field}").fill(str(getattr(PROGRAM, field)))
    page.locator("#hour").fill(str(PROGRAM.hour_s))
    page.locator("#go").click()


def await_the_end(page: Page) -> None:
    """Wait until both lanes have been played, and shown, to their end."""
    expect(page.locator(".lane[data-over]")).to_have_count(2, timeout=SOON_MS)


def test_an_exhibition_is_started_watched_and_replayed(browser: Browser, site: Site, tmp_path: Path) -> None:
    events = site.open()
    with visited(browser, site.address) as page:
        assert "token" not in page.url
        start(page)
        await_the_end(page)
        expect_drawn(page, [ENDS, ENDS])
        expect(page.locator(".lane h2")).to_have_text(["serial", "celery:gevent@6"])
        for lane in page.locator(".lane").all():
            for figure in (2, 3):
                expect(lane.locator(".figures dd").nth(figure)).to_have_text(MEASURED)
            expect(lane.locator(".account")).to_contain_text(re.compile("measured, .* the ideal"))

        [moves] = _moves(events).values()
        ends = sorted(move[4] for lane in moves.values() for move in lane)
        gap, before = max((after - before, before) for before, after in pairwise(ends))
        assert at_time(page, before + gap / 2) == [_positions(moves[lane], before) for lane in (0, 1)]
        assert at_time(page, 0) == [[position([])] * PROGRAM.opponents] * 2
        page.locator("#speed").select_option("20")
        page.locator("#play").click()
        whole = sum(PROGRAM.plies)
        for place in (0, 1):
            expect(made(page, place)).to_have_text(f"{whole} of {whole}", timeout=SOON_MS)
        expect_drawn(page, [ENDS, ENDS])

    assert [position(game) for game in _written(tmp_path)] == ENDS


def test_a_page_that_is_opened_late_shows_the_same(browser: Browser, site: Site) -> None:
    with visited(browser, site.address) as early:
        start(early)
        playing = early.locator('.lane[data-status="playing"], .lane[data-status="done"]')
        expect(playing).to_have_count(2, timeout=SOON_MS)
        with visited(browser, site.address.partition("#")[0]) as late:
            for page in (early, late):
                await_the_end(page)
                expect_drawn(page, [ENDS, ENDS])
        with visited(browser, site.address) as after:
            await_the_end(after)
            expect_drawn(after, [ENDS, ENDS])
            expect(after.locator("#past li")).to_contain_text(["done"])


def test_a_page_connects_again_to_a_server_that_was_killed(
    browser: Browser, broker: Broker, site: Site, tmp_path: Path
) -> None:
    errors: list[str] = []
    # The browser itself says that nobody answers; the page has no other complaint.
    with visited(browser, site.address, complaints=True) as page:
        page.on("console", lambda message: errors.append(message.text))
        page.on("pageerror", lambda error: errors.append(str(error)))
        start(page)
        await_the_end(page)
        site.process.kill()
        expect(page.locator("#cut")).to_contain_text("Cut off from the server for", timeout=SOON_MS)
        site.process.wait(SOON_S)
        with live_site(tmp_path, "--broker", broker.url, port=site.port):
            expect(page.locator("#cut")).to_be_hidden(timeout=SOON_MS)
            await_the_end(page)
            expect_drawn(page, [ENDS, ENDS])
            page.locator("#go").click()  # the page is in working order
            expect(page.locator("#past li")).to_have_count(2, timeout=SOON_MS)
            expect(page.locator("#past li").first).to_contain_text("done", timeout=SOON_MS)
            expect_drawn(page, [ENDS, ENDS])
    assert [error for error in errors if "net::ERR_" not in error] == []


def _moves(events: Any) -> dict[str, dict[int, list[Any]]]:
    """What the server has told of moves, when it has told all."""
    whole = sum(PROGRAM.plies)
    events.until(
        lambda: any(
            [len(lane) for lane in lanes.values()] == [whole, whole] for lanes in events.moves.values()
        )
    )
    moves: dict[str, dict[int, list[Any]]] = events.moves
    return moves


def _positions(moves: list[Any], time_s: float) -> list[str]:
    """What python-chess has on every board of a lane at a time."""
    made: list[list[str]] = [[] for _ in range(PROGRAM.opponents)]
    for board, _, move, _, finished_s in sorted(moves, key=lambda move: int(move[1])):
        if finished_s <= time_s:
            made[board].append(move)
    return [position(game) for game in made]


def _written(directory: Path) -> list[list[str]]:
    """The games that `simul judit --pgn` writes, as python-chess reads them."""
    numbers = ("--opponents", "6", "--moves", "5", "--hour", "0.1", "--seed", "11")
    said = simul("judit", "--with", "asyncio", *numbers, "--pgn", "games.pgn", cwd=directory)
    assert said.code == 0, said.err
    with (directory / "games.pgn").open(encoding="utf-8") as file:
        games = list(iter(lambda: chess.pgn.read_game(file), None))
    return [[move.uci() for move in game.mainline_moves()] for game in games]
