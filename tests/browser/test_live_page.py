"""The live page in a real browser, at a server that sends what a test wants: boards, a race, its replay."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Literal

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from producer.show.svg.palette import DARK, LIGHT
from tests.browser import exhibited
from tests.browser.live_server import LiveServer, serving

pytestmark = [pytest.mark.browser, pytest.mark.untraced]

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
GAMES = exhibited.make_games()
MOVES = exhibited.tell_all_moves(GAMES)
ENDS = [exhibited.position(game) for game in GAMES]


@pytest.fixture
def live() -> Iterator[LiveServer]:
    """A server that has nothing to tell yet."""
    with serving() as server:
        yield server


@pytest.fixture
def finished(live: LiveServer) -> LiveServer:
    """A server that tells of a race that has ended."""
    live.runs = [exhibited.tell_state(GAMES, IDENT, "done")]
    live.moves = {IDENT: MOVES}
    return live


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
    said: list[str] = []
    context = browser.new_context(viewport={"width": size[0], "height": size[1]}, color_scheme=theme)
    page = context.new_page()
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.goto(live.address + (f"#token={token}" if token else ""))
    expect(page.locator("#lane-0 option")).to_have_count(len(live.contenders))
    try:
        yield page
    finally:
        context.close()
    assert complaints or said == []


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


def test_the_games_have_all_that_a_board_must_know() -> None:
    """Castling both ways, en passant and promotion, by both sides: else the tests below would show little."""
    moves = {move for beginning in exhibited.BEGINNINGS for move in beginning.split()}
    assert {"e1g1", "e8g8", "e1c1", "e8c8", "e5d6", "e4d3", "b7a8q", "c2b1n"} <= moves


def test_boards_at_the_end_are_as_python_chess_has_them(browser: Browser, finished: LiveServer) -> None:
    with opened(browser, finished) as page:
        expect(page.locator(".account").first).to_contain_text("above the ideal of")
        assert page.evaluate(SQUARES) == [ENDS, ENDS]


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
        expect(page.locator(".lane").nth(1)).to_contain_text("1.10 s measured, 81 ms (8.0 %) above")
        assert page.evaluate(SQUARES) == [ENDS, ENDS]
        over = "Board 17, London System: over, 1–0"
        expect(page.locator(".lane").first.get_by_role("img", name=over)).to_be_visible()


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
        assert serial.locator(".clock").nth(1).inner_text() == "0:00:24"


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
    live.queue = [{"id": "abc", "title": "waits"}]
    with opened(browser, live) as page:
        page.get_by_role("button", name="Stop it").click()
        assert live.posts.get(timeout=60)[:2] == (f"/runs/{IDENT}/stop", "Bearer secret")
        page.get_by_role("button", name="Stop waits").click()
        assert live.posts.get(timeout=60)[0] == "/runs/abc/stop"
    with opened(browser, live, token="") as page:
        expect(page.get_by_role("button", name="Stop it")).to_be_disabled()
        assert live.posts.empty()


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
        assert page.evaluate(SQUARES) == [ENDS, ENDS]


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
        expect(page.locator("#speed")).to_have_value("0.2")
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
        assert page.evaluate("document.activeElement === document.querySelectorAll('.lane .board')[7]")
        page.keyboard.press("Enter")
        closer = page.get_by_role("dialog", name="A board, closer")
        expect(closer).to_contain_text("serial. Board 8, Sicilian Defence: over")
        page.keyboard.press("Escape")
        expect(closer).to_be_hidden()
        expect(made(page, 0)).to_have_text("1,431 of 1,431")


def test_a_comparison_is_watched_until_its_report(browser: Browser, live: LiveServer) -> None:
    live.runs = [exhibited.tell_comparison()]
    with opened(browser, live) as page:
        live.send("depths", {"ba9876543210": {"1": 12}})
        row = page.locator(".row").filter(has_text="threads@8")
        expect(row).to_contain_text("Round 3 of 5: 40 of 60 jobs done; 12 messages in its queue.")
        expect(row).to_contain_text("370 jobs/s")
        expect(page.locator("#compared")).to_contain_text("5 of 5 workers answer.")
        expect(page.locator("#compared")).to_contain_text("Left out: interpreters need Python 3.14")
        live.send("state", {**exhibited.tell_comparison(done=True), "report": False})
        expect(row).to_contain_text("All 5 rounds: 0.16 s to 0.17 s.")
        live.send("report", {"id": "ba9876543210"})
        report = page.frame_locator("iframe")
        expect(report.get_by_role("heading")).to_have_text("What was measured")
        assert page.locator("iframe").get_attribute("sandbox") == "allow-scripts allow-downloads"


def test_a_comparison_is_presented_in_large_letters(browser: Browser, live: LiveServer) -> None:
    live.runs = [exhibited.tell_comparison()]
    with opened(browser, live, PROJECTOR) as page:
        page.keyboard.press("p")
        expect(page.locator(".row").first).to_be_visible()
        expect(page.locator("#exhibition")).to_be_hidden()
        smallest, text = page.evaluate(SMALLEST)
        assert smallest >= 18, text


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_a_phone_is_wide_enough(browser: Browser, live: LiveServer, theme: Literal["light", "dark"]) -> None:
    live.runs = [exhibited.tell_comparison(done=True), exhibited.tell_state(GAMES, IDENT, "done")]
    live.moves = {IDENT: MOVES}
    for token in ("", "secret"):
        with opened(browser, live, PHONE, theme, token) as page:
            expect(page.locator("iframe")).to_be_attached()
            page.get_by_text("More options").click()
            assert page.evaluate("document.documentElement.scrollWidth") == PHONE[0]


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


def test_the_colours_are_the_labs(browser: Browser, live: LiveServer) -> None:
    for theme, palette in (("light", LIGHT), ("dark", DARK)):
        with opened(browser, live, theme=theme) as page:  # type: ignore[arg-type]  # the two that there are
            names = [name for name in palette if not name.startswith("process")]
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
