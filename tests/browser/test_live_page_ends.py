"""What the live page says at the end of runs, of those that were broken off, and while nothing is heard."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Browser, expect

from tests.browser import exhibited
from tests.browser.live_page import GAMES, IDENT, MOVES, PROJECTOR, opened
from tests.browser.live_server import LiveServer

pytestmark = [pytest.mark.browser, pytest.mark.untraced]

#: Whether the time that is shown stands, for 30 pictures one after the other, among the next 600.
STANDS = """async () => {
  let [before, still] = ["", 0];
  for (let drawn = 0; drawn < 600 && still < 30; drawn += 1) {
    await new Promise(requestAnimationFrame);
    const shown = document.getElementById("moment").textContent;
    still = shown === before ? still + 1 : 0;
    before = shown;
  }
  return still >= 30;
}"""


def made_by(moves: dict[str, list[Any]], time_s: float) -> dict[str, list[Any]]:
    """The moves that had been made by then."""
    return {lane: [move for move in made if move[4] <= time_s] for lane, made in moves.items()}


def test_a_comparison_that_ends_while_it_is_presented_stays(browser: Browser, finished: LiveServer) -> None:
    with opened(browser, finished, PROJECTOR) as page:
        finished.send("state", exhibited.tell_comparison())
        page.keyboard.press("p")
        expect(page.locator(".row").first).to_be_visible()
        finished.send("state", exhibited.tell_comparison(done=True))
        expect(page.locator("iframe")).to_be_visible()
        expect(page.locator("#lanes")).to_be_hidden()
        page.keyboard.press("End")  # who replays the race wants to see it
        expect(page.locator("#lanes")).to_be_visible()
        expect(page.locator("iframe")).to_be_hidden()


def test_an_earlier_comparison_is_shown_again(browser: Browser, live: LiveServer) -> None:
    earlier, later = "a" * 12, "b" * 12
    live.runs = [exhibited.tell_comparison(ident, done=True) for ident in (earlier, later)]
    with opened(browser, live) as page:
        expect(page.locator("iframe")).to_have_attribute("src", f"/reports/{later}")
        page.get_by_role("button", name="Show").click()
        expect(page.locator("iframe")).to_have_attribute("src", f"/reports/{earlier}")
        page.get_by_role("button", name="Show").click()
        expect(page.locator("iframe")).to_have_attribute("src", f"/reports/{later}")


def test_a_comparison_that_begins_is_shown_to_its_end_whatever_was_chosen(
    browser: Browser, live: LiveServer
) -> None:
    earlier, later, new = "a" * 12, "b" * 12, "c" * 12
    live.runs = [exhibited.tell_comparison(ident, done=True) for ident in (earlier, later)]
    with opened(browser, live) as page:
        page.get_by_role("button", name="Show").click()
        expect(page.locator("iframe")).to_have_attribute("src", f"/reports/{earlier}")
        live.send("state", exhibited.tell_comparison(new))
        expect(page.locator("#compared")).to_contain_text("Round 3 of 5")
        live.send("state", exhibited.tell_comparison(new, done=True))
        expect(page.locator("iframe")).to_have_attribute("src", f"/reports/{new}")


def test_runs_that_wait_or_start_say_who_takes_part(browser: Browser, live: LiveServer) -> None:
    starting = exhibited.tell_state(GAMES, IDENT, "starting")
    live.runs = [{**starting, "lanes": [], "names": ["serial", "celery:solo"]}]
    live.queue = [{"id": "abc", "title": "waits", "names": ["threads@8"]}]
    with opened(browser, live) as page:
        expect(page.locator("#queue")).to_contain_text("threads@8 – waits")
        expect(page.locator("#past")).to_contain_text("serial, celery:solo – 24 games")


def test_what_was_broken_off_says_so(browser: Browser, live: LiveServer) -> None:
    end = {"status": "interrupted", "says": "stopped", "ended": 1_800_000_010.0}
    comparison = exhibited.tell_comparison()
    comparison["lanes"][3]["makespans_s"] = []
    live.runs = [{**exhibited.tell_state(GAMES, IDENT), **end}, {**comparison, **end}]
    live.moves = {IDENT: {"0": made_by(MOVES, 0.5)["0"]}}
    with opened(browser, live) as page:
        serial, celery = page.locator(".lane .sentence").all()
        expect(serial).to_have_text("Broken off after 59 half-moves.")
        expect(celery).to_have_text("Broken off before anybody moved.")
        rows = page.locator(".row .sentence")
        expect(rows.nth(1)).to_have_text("Broken off after 2 rounds: 0.16 s to 0.17 s.")
        expect(rows.nth(3)).to_have_text("Broken off before its first round was over.")


def test_several_judits_who_play_one_game_after_the_other_are_all_told_of(
    browser: Browser, live: LiveServer
) -> None:
    race = exhibited.tell_state(GAMES, IDENT, "done", hour_s=1)
    moves = [[board + side, *rest] for board, *rest in MOVES["0"] if board == 0 for side in (0, 1)]
    live.runs = [{**race, "judits": 2, "lanes": [{**race["lanes"][0], "measured_s": None, "account": None}]}]
    live.moves = {IDENT: {"0": [move for move in moves if move[4] <= 0.3]}}
    with opened(browser, live) as page:
        expect(page.locator(".lane .sentence")).to_have_text(
            "Each of the 2 Judits stays at a board until that game is over: they are at 1, 2; 22 boards wait."
        )


def test_clocks_stand_while_nothing_is_heard(browser: Browser, live: LiveServer) -> None:
    live.runs = [exhibited.tell_state(GAMES, IDENT)]
    live.moves = {IDENT: made_by(MOVES, 0.5)}
    with opened(browser, live) as page:
        moment = page.locator("#moment")
        expect(moment).to_contain_text("live · ")
        assert not page.evaluate(STANDS)
        live.send("broker", {"up": False, "says": "nothing answers"})
        expect(moment).to_contain_text("waiting · ")
        assert page.evaluate(STANDS), "what has come is still shown, and then nothing moves"
        live.send("broker", {"up": True, "says": ""})
        expect(moment).to_contain_text("live · ")
