"""The live page in use: starting and stopping, keys, names, comparisons, and a server that goes away."""

from __future__ import annotations

import re
from typing import Any

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


@pytest.mark.parametrize("options", [False, True])
def test_the_button_asks_for_a_race(browser: Browser, live: LiveServer, options: bool) -> None:
    with opened(browser, live) as page:
        assert "token" not in page.url
        expected: dict[str, Any] = {
            "kind": "race",
            "lanes": ["serial", "celery:gevent"],
            "hour_s": 1,
            "opponents": 24,
            "moves": 30,
            "judits": 1,
            "seed": 2026,
        }
        if options:
            page.locator("#lane-0").select_option("celery:asyncio")
            page.locator("#hour").fill("2.5")
            page.get_by_text("More options").click()
            page.get_by_label("Judits").fill("2")
            page.get_by_label("this side plays one game after the other").check()
            lanes = ["celery:asyncio/in-turn", "celery:gevent"]
            expected |= {"lanes": lanes, "hour_s": 2.5, "judits": 2}
        page.get_by_role("button", name="Start the race").click()
        assert live.posts.get(timeout=60) == ("/runs", "Bearer secret", expected)
        expect(page.locator("#asked")).to_contain_text("asked for")


def test_a_comparison_is_asked_for(browser: Browser, live: LiveServer) -> None:
    with opened(browser, live, complaints=True) as page:
        page.get_by_text("Start a comparison").click()
        page.get_by_label("Workloads").fill("waits, files")
        page.get_by_label("Rounds").fill("3")
        page.get_by_role("button", name="Start it").click()
        expected = {
            "kind": "comparison",
            "workloads": ["waits", "files"],
            "with": None,
            "jobs": None,
            "rounds": 3,
            "seed": 2026,
        }
        assert live.posts.get(timeout=60) == ("/runs", "Bearer secret", expected)
        live.answer = (400, {"error": "there is no workload of that name"})
        page.get_by_role("button", name="Start it").click()
        expect(page.locator("#asked-compare")).to_have_text("there is no workload of that name")


def test_without_a_token_nothing_is_started(browser: Browser, live: LiveServer) -> None:
    with opened(browser, live, token="", complaints=True) as page:
        expect(page.get_by_role("button", name="Start the race")).to_be_disabled()
        expect(page.locator("#token")).to_contain_text("simul live prints with its address")
        page.get_by_role("textbox", name="Token").fill("typed")
        page.keyboard.press("Enter")
        live.answer = (401, {"error": "this needs the token that was printed"})
        page.get_by_role("button", name="Start the race").click()
        assert live.posts.get(timeout=60)[1] == "Bearer typed"
        expect(page.locator("#asked")).to_have_text("this needs the token that was printed")
        expect(page.get_by_role("textbox", name="Token")).to_be_visible()
        page.reload()
        expect(page.get_by_role("button", name="Start the race")).to_be_enabled()


def test_a_run_that_waits_or_goes_on_is_stopped(browser: Browser, live: LiveServer) -> None:
    live.runs = [exhibited.tell_state(GAMES, IDENT)]
    live.queue, live.own = [{"id": "abc", "title": "waits"}], IDENT
    with opened(browser, live) as page:
        page.get_by_role("button", name="Stop it").click()
        assert live.posts.get(timeout=60)[:2] == (f"/runs/{IDENT}/stop", "Bearer secret")
        page.get_by_role("button", name="Stop waits").click()
        assert live.posts.get(timeout=60)[0] == "/runs/abc/stop"
    with opened(browser, live, token="") as page:
        expect(page.get_by_role("button", name="Stop it")).to_be_disabled()
        assert live.posts.empty()


def test_what_others_started_is_not_offered_to_be_stopped(browser: Browser, live: LiveServer) -> None:
    comparison = exhibited.tell_comparison()
    live.runs = [exhibited.tell_state(GAMES, IDENT), comparison]
    with opened(browser, live) as page:
        expect(page.locator(".row").first).to_be_visible()
        expect(page.get_by_role("button", name="Stop it")).to_have_count(0)
        live.send("own", comparison["id"])
        expect(page.get_by_role("button", name="Stop it")).to_have_count(1)
        live.send("own", None)
        expect(page.get_by_role("button", name="Stop it")).to_have_count(0)


def test_it_says_that_it_is_cut_off_and_comes_back(browser: Browser, live: LiveServer) -> None:
    with opened(browser, live, complaints=True) as page:
        cut = page.locator("#cut")
        expect(cut).to_be_hidden()
        live.open.clear()
        live.drop()
        expect(cut).to_contain_text("Cut off from the server for")
        expect(page.locator("#aloud")).to_have_text("Cut off from the server.")
        live.runs = [exhibited.tell_state(GAMES, IDENT, "done")]
        live.moves = {IDENT: MOVES}
        live.open.set()
        expect(cut).to_be_hidden(timeout=60_000)
        expect_drawn(page, [ENDS, ENDS])


def test_being_cut_off_ends_no_replay(browser: Browser, finished: LiveServer) -> None:
    finished.runs.append(exhibited.tell_comparison(done=True))
    with opened(browser, finished, complaints=True) as page:
        frame = page.locator("iframe").element_handle()
        for known in (True, False):
            at_time(page, 0.5)
            finished.open.clear()
            finished.drop()
            expect(page.locator("#cut")).to_be_visible()
            if not known:  # the server was started anew, and its broker, too
                finished.runs, finished.moves = [], {}
            finished.open.set()
            expect(page.locator("#cut")).to_be_hidden(timeout=60_000)
            expect_drawn(page, [positions("0", 0.5), positions("1", 0.5)])
            assert frame.evaluate("frame => frame.isConnected") == known


def test_it_says_that_the_broker_is_away(browser: Browser, live: LiveServer) -> None:
    with opened(browser, live) as page:
        live.send("broker", {"up": False, "says": "nothing answers at 127.0.0.1:6379"})
        expect(page.locator("#broker")).to_contain_text("The broker is away: nothing answers at 127.0.0.1")
        live.send("broker", {"up": True, "says": ""})
        expect(page.locator("#broker")).to_be_hidden()


def test_everything_is_done_by_keys(browser: Browser, finished: LiveServer) -> None:
    with opened(browser, finished) as page:
        for key, text in (("Home", "0"), ("ArrowRight", "1"), ("ArrowLeft", "0")):
            page.keyboard.press(key)
            expect(made(page, 0)).to_have_text(f"{text} of 1,431")
        page.keyboard.press("Space")
        expect(page.locator("#play")).to_have_text("Pause")
        expect(made(page, 1)).to_have_text(re.compile(r"\d\d of 1,431"))
        page.keyboard.press("Space")
        expect(page.locator("#play")).to_have_text("Play")
        page.keyboard.press("+")
        expect(page.locator("#speed")).to_have_value("0.5")
        page.keyboard.press("End")
        expect(made(page, 1)).to_have_text("1,431 of 1,431")
        page.keyboard.press("?")
        expect(page.get_by_role("dialog", name="Keys")).to_be_visible()
        page.keyboard.press("Escape")
        # To the boards by tabs; there by arrows, which step no longer; Enter shows one large.
        page.locator("#seed").evaluate("seed => seed.closest('details').querySelector('summary').focus()")
        page.keyboard.press("Tab")
        page.keyboard.press("ArrowRight")
        page.keyboard.press("ArrowDown")
        assert page.evaluate("document.activeElement === document.querySelectorAll('.lane .board')[9]")
        page.keyboard.press("Enter")
        closer = page.get_by_role("dialog", name="A board, closer")
        expect(closer).to_contain_text("serial. Board 10, Caro-Kann Defence: over")
        page.keyboard.press("Escape")
        expect(closer).to_be_hidden()
        expect(made(page, 0)).to_have_text("1,431 of 1,431")


def test_whatever_can_be_used_has_a_name(browser: Browser, finished: LiveServer) -> None:
    used = {"button", "combobox", "slider", "spinbutton", "checkbox", "textbox", "link", "image", "region"}
    with opened(browser, finished) as page:
        page.get_by_text("More options").click()
        page.get_by_text("Start a comparison").click()
        tree = page.context.new_cdp_session(page).send("Accessibility.getFullAXTree")["nodes"]
        roles = [(node["role"]["value"], node.get("name", {}).get("value", "")) for node in tree]
        assert not [role for role, name in roles if role in used and not name]
        assert {"banner", "navigation", "main"} <= {role for role, _ in roles}
        assert ("slider", "Time in the exhibition") in roles
        boards = [name for role, name in roles if role == "image"]
        assert len(boards) == 48
        assert boards[0].startswith("Board 1, Ruy Lopez: over, with no result, last move ")


def test_a_comparison_is_watched_until_its_report(browser: Browser, live: LiveServer) -> None:
    live.runs = [exhibited.tell_comparison()]
    with opened(browser, live) as page:
        live.send("depths", {"ba9876543210": {"1": 12}})
        row = page.locator(".row").filter(has_text="threads@8")
        expect(row).to_contain_text("Round 3 of 5: 40 of 60 jobs done; 12 messages in its queue.")
        expect(row).to_contain_text("370 jobs/s")
        expect(page.locator("#compared")).to_contain_text("5 of 5 workers answer.")
        expect(page.locator("#compared")).to_contain_text("Left out: interpreters need Python 3.14")
        expect(page.locator("#workers")).to_have_text("They are asked again when no run goes on.")
        live.send("state", {**exhibited.tell_comparison(done=True), "report": False})
        expect(row).to_contain_text("All 5 rounds: 0.16 s to 0.17 s.")
        expect(page.locator("#workers")).to_contain_text("None that was started by hand.")
        live.send("report", {"id": "ba9876543210"})
        report = page.frame_locator("iframe")
        expect(report.get_by_role("heading")).to_have_text("What was measured")
        assert page.locator("iframe").get_attribute("sandbox") == "allow-scripts allow-downloads"


def test_a_contender_whose_slots_turn_out_later_is_one_lane(browser: Browser, live: LiveServer) -> None:
    run = exhibited.tell_comparison()
    live.runs = [run]
    with opened(browser, live) as page:
        rows = page.locator(".row")
        expect(rows).to_have_count(5)
        lanes = [{**lane, "name": lane["name"].replace("@32", "@100")} for lane in run["lanes"]]
        live.send("state", {**run, "lanes": lanes, "workers": {"answering": 2, "awaited": 0}})
        expect(rows.filter(has_text="celery:gevent@100")).to_have_count(1)
        expect(rows).to_have_count(5)
        # Nobody has said how many there will be.
        expect(page.locator("#compared")).to_contain_text("2 workers answer.")


def test_an_exhibition_that_nobody_could_play_hides_none_that_was(
    browser: Browser, finished: LiveServer
) -> None:
    failed = exhibited.tell_state(GAMES, "fedcba987654", "failed")
    finished.runs = [
        *finished.runs,
        {**failed, "says": "no worker consumes simul.gevent", "ended": 1_800_000_099.0},
    ]
    with opened(browser, finished) as page:
        expect(page.locator("#says")).to_contain_text("It is over")
    finished.runs = finished.runs[1:]
    with opened(browser, finished) as page:
        expect(page.locator("#says")).to_contain_text("No worker consumes simul.gevent.")


def test_names_of_others_are_text(browser: Browser, live: LiveServer) -> None:
    hostile = "<img src=x onerror=alert(1)>"
    race = exhibited.tell_state(GAMES, IDENT, "done")
    for lane in race["lanes"]:
        lane.update(name=hostile, sentence=hostile)
        for part in lane["account"]:
            part["what"] = hostile
    comparison = exhibited.tell_comparison()
    for lane in comparison["lanes"]:
        lane.update(name=f"{hostile}{lane['name']}", workload=hostile, why=hostile)
    openings = [hostile] * 24
    live.runs = [
        {**race, "title": hostile, "says": hostile, "openings": openings},
        {**comparison, "title": hostile, "says": hostile},
    ]
    live.moves = {IDENT: MOVES}
    live.queue = [{"id": hostile, "title": hostile}]
    live.workers = [{"name": hostile, "queues": [hostile], "slots": 1}]
    live.contenders = [hostile]
    with opened(browser, live) as page:
        page.locator(".board").first.click()
        expect(page.locator("#closer")).to_contain_text(hostile)
        live.send("broker", {"up": False, "says": hostile})
        expect(page.locator("#broker")).to_contain_text(hostile)
        expect(page.locator("#workers")).to_contain_text(hostile)
        assert page.locator("img").count() == 0
