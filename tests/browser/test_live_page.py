"""The live page in a real browser: the boards, a race from its beginning to its end, its replay."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Browser, expect

from tests.browser import exhibited
from tests.browser.live_page import (
    ENDS,
    GAMES,
    IDENT,
    MOVES,
    at_time,
    expect_drawn,
    made,
    opened,
    positions,
)
from tests.browser.live_server import LiveServer

pytestmark = [pytest.mark.browser, pytest.mark.untraced]


def test_the_games_have_all_that_a_board_must_know() -> None:
    """Castling both ways, en passant and promotion, by both sides: else the tests below would show little."""
    moves = {move for beginning in exhibited.BEGINNINGS for move in beginning.split()}
    assert {"e1g1", "e8g8", "e1c1", "e8c8", "e5d6", "e4d3", "b7a8q", "c2b1n"} <= moves


def test_boards_at_the_end_are_as_python_chess_has_them(browser: Browser, finished: LiveServer) -> None:
    with opened(browser, finished) as page:
        expect(page.locator(".account").first).to_contain_text("above the ideal")
        expect_drawn(page, [ENDS, ENDS])


def test_a_replay_shows_the_positions_of_its_time(browser: Browser, finished: LiveServer) -> None:
    with opened(browser, finished) as page:
        for time_s in (0.5, 0.0001, 1.0, 0.25, 7.0):
            assert at_time(page, time_s) == [positions("0", time_s), positions("1", time_s)]


def test_a_race_is_watched_from_its_beginning_to_its_end(browser: Browser, live: LiveServer) -> None:
    with opened(browser, live) as page:
        expect(page.locator(".lane").first).to_contain_text("nobody plays yet")
        starting = exhibited.tell_state(GAMES, IDENT, "starting")
        live.send("state", {**starting, "lanes": [], "openings": []})
        expect(page.locator(".lane").first).to_contain_text("taking their seats")
        live.send("state", exhibited.tell_state(GAMES, IDENT))
        # As they come in from two processes: in parts, and not quite in order; one was played twice.
        for lane, moves in MOVES.items():
            for start in range(0, len(moves), 100):
                part = [*moves[start : start + 100], moves[start // 2]]
                event = {"type": "moves", "id": IDENT, "lane": int(lane), "moves": part[::-1]}
                live.send("moves", event)
        live.send("state", exhibited.tell_state(GAMES, IDENT, "done"))
        expect(page.locator("#aloud")).to_contain_text("The exhibition is over: serial 12.0 s")
        expect(page.locator("#play")).to_have_text("Play", timeout=60_000)
        expect(page.locator(".lane").nth(1)).to_contain_text(
            "1.10 s measured, 81 ms (8.0 %) above the ideal."
        )
        expect_drawn(page, [ENDS, ENDS])
        over = "Board 17, London System: over, 1–0"
        expect(page.locator(".lane").first.get_by_role("img", name=over)).to_be_visible()


def test_a_race_that_waits_for_workers_is_followed_when_it_begins(browser: Browser, live: LiveServer) -> None:
    says = "somebody else uses these workers: waiting for it to end"
    with opened(browser, live) as page:
        playing = exhibited.tell_state(GAMES, IDENT)
        asked = {**playing, "status": "starting", "lanes": [], "names": ["asyncio@24", "celery:gevent@24"]}
        live.send("state", asked)
        expect(page.locator(".lane h2")).to_have_text(asked["names"])
        lanes = [{**lane, "status": "waiting"} for lane in playing["lanes"]]
        live.send("state", {**playing, "lanes": lanes, "status": "queueing", "says": says})
        expect(page.locator(".sentence").first).to_have_text(
            "Somebody else uses these workers: waiting for it to end."
        )
        live.send("state", playing)
        live.send("moves", {"id": IDENT, "lane": 0, "moves": MOVES["0"][:5]})
        expect(made(page, 0)).to_contain_text("5 of")
        expect(page.locator("#moment")).to_contain_text("live")


def test_a_race_is_over_when_its_lanes_are(browser: Browser, live: LiveServer) -> None:
    """The run itself ends later: it has workers to stop."""
    with opened(browser, live) as page:
        race = exhibited.tell_state(GAMES, IDENT)
        live.send("state", race)
        for lane, moves in MOVES.items():
            live.send("moves", {"type": "moves", "id": IDENT, "lane": int(lane), "moves": moves})
        lanes = exhibited.tell_state(GAMES, IDENT, "done")["lanes"]
        lanes[1]["account"] += [{"what": "start-up", "s": 0.0}, {"what": "longer thoughts", "s": -0.061}]
        live.send("state", {**race, "lanes": lanes})
        expect(page.locator("#play")).to_have_text("Play", timeout=60_000)
        expect(page.locator("#live")).to_be_hidden()
        # What took no time is not told; what was won is.
        parts = page.locator(".lane").nth(1).locator(".parts li")
        expect(parts).to_have_text(
            [
                "thinking 1.02 s",
                "messages 41 ms",
                "queue wait 20 ms",
                "timers 20 ms",
                "longer thoughts −61 ms",
            ]
        )
        assert page.locator(".lane").nth(1).locator(".bar .part").count() == 4


def test_a_page_opened_late_shows_the_state_at_once(browser: Browser, live: LiveServer) -> None:
    live.runs = [exhibited.tell_state(GAMES, IDENT)]
    live.moves = {IDENT: {lane: [move for move in told if move[4] < 0.5] for lane, told in MOVES.items()}}
    with opened(browser, live) as page:
        expect(page.locator("#play")).to_have_text("Pause")
        expect(made(page, 1)).to_have_text(re.compile(r"[3-6]\d\d of 1,431"))
        page.get_by_role("button", name="Pause").click()
        expect(page.get_by_role("button", name="Back to live")).to_be_visible()
        page.get_by_role("button", name="Back to live").click()
        expect(page.locator("#play")).to_have_text("Pause")


def test_judit_is_seen_and_spoken_of(browser: Browser, live: LiveServer) -> None:
    live.runs = [exhibited.tell_state(GAMES, IDENT, "done", hour_s=360)]
    live.moves = {IDENT: exhibited.tell_all_moves(GAMES, hour_s=360)}
    with opened(browser, live) as page:
        page.locator("#speed").select_option("1")
        serial, celery = page.locator(".lane").all()
        # An hour in six minutes: Judit needs half a second, an opponent five and a half.
        at_time(page, 0.2)
        expect(serial).to_contain_text("Judit thinks at board 1. Nobody else does anything")
        at_time(page, 3)
        expect(serial).to_contain_text("Judit waits at board 1 while her opponent thinks: nobody else moves.")
        expect(celery).to_contain_text("Judit thinks at board 6; 5 opponents think meanwhile.")
        # She is there when she has walked there.
        celery.locator(".judit").evaluate(
            "token => Promise.all(token.getAnimations().map((walk) => walk.finished))"
        )
        boxes = (celery.locator(".judit").bounding_box(), celery.locator(".board").nth(5).bounding_box())
        assert boxes[0] == pytest.approx(boxes[1], abs=1)
        assert serial.locator(".clock").nth(1).text_content() == "0:00:24"


def test_judit_goes_home_when_every_game_is_over(browser: Browser, finished: LiveServer) -> None:
    with opened(browser, finished) as page:
        expect(page.locator("#says")).to_contain_text("It is over: replay it below")
        expect(page.locator(".judit:visible")).to_have_count(0)
        at_time(page, 0.5)
        expect(page.locator(".judit:visible")).to_have_count(2)


def test_no_more_opponents_think_than_have_slots(browser: Browser, live: LiveServer) -> None:
    race = exhibited.tell_state(GAMES, IDENT)
    race["lanes"][1].update(name="celery:gevent@4", slots=4)
    live.runs = [race]
    # She has been everywhere, and nobody has answered: when an answer was begun is told when it was made.
    live.moves = {
        IDENT: {"1": [[board, 0, "e2e4", board / 1000, board / 1000 + 0.001] for board in range(24)]}
    }
    with opened(browser, live) as page:
        sentence = page.locator(".lane .sentence").nth(1)
        expect(sentence).to_contain_text("4 of 24 opponents think at once, and 20 wait for a slot")


def test_a_name_that_is_cut_is_told_whole(browser: Browser, finished: LiveServer) -> None:
    with opened(browser, finished) as page:
        board = page.locator(".board").nth(3)
        expect(board).to_have_attribute("title", "Board 4: Queen's Gambit Declined")
        board.click()
        expect(page.locator("#closer h2")).to_have_text("Board 4: Queen's Gambit Declined")


def test_a_page_that_is_busy_stays_quick(browser: Browser, finished: LiveServer) -> None:
    """Each frame draws what has changed: a whole second of both lanes touches few of 3,072 squares twice."""
    with opened(browser, finished) as page:
        changed = page.evaluate(
            """async () => {
                stage.go(0.2);
                await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
                let squares = 0;
                const watcher = new MutationObserver((all) => { squares += all.length; });
                for (const list of document.querySelectorAll(".boards")) {
                  watcher.observe(list, { subtree: true, attributes: true, attributeFilter: ["d"] });
                }
                stage.step(1);
                await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
                return squares;
            }"""
        )
        assert 1 <= changed <= 8  # a move changes two to four squares; two lanes may move at once
