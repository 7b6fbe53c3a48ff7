"""What a reader does with a report: opens words, follows numbers, plays runs back, presents it."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.reports import LAPTOP, PHONE, SMALLEST, opened, write_three

pytestmark = [pytest.mark.browser, pytest.mark.untraced]

SCREEN = (1280, 720)
#: A line for the back row, as long as any.
TAKE_HOME = (
    "Where jobs wait, let them wait together: threads, asyncio and gevent are alike "
    + "in that, so " * 6
    + "do."
)


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A report of three contenders."""
    return write_three(tmp_path_factory.mktemp("report") / "report.html")


def test_a_word_opens_its_meaning_by_keyboard_and_esc_closes_it(browser: Browser, report: Path) -> None:
    with opened(browser, report) as (page, _):
        word = page.get_by_role("button", name="Makespan", exact=True).first
        meaning = page.locator("#word-makespan")
        word.focus()
        assert meaning.is_hidden()
        page.keyboard.press("Enter")
        expect(meaning).to_be_visible()
        assert "until the last one was finished" in meaning.inner_text()
        places = [part.bounding_box() for part in (word, meaning)]
        assert places[0]
        assert places[1]
        assert 0 < places[1]["y"] - places[0]["y"] < 60
        page.keyboard.press("Escape")
        expect(meaning).to_be_hidden()
        assert word.evaluate("word => word === document.activeElement")


def test_a_word_opens_where_a_phone_is_touched(browser: Browser, report: Path) -> None:
    with opened(browser, report, PHONE, touch=True) as (page, _):
        page.locator(".word").first.tap()
        box = page.locator(".meaning:popover-open").bounding_box()
        assert box is not None
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= PHONE[0]


def test_a_number_of_the_overview_leads_to_its_timeline(browser: Browser, report: Path) -> None:
    with opened(browser, report) as (page, _):
        chips = page.locator("figure.timeline .chips")
        assert chips.get_by_role("button", name="serial").get_attribute("aria-pressed") == "false"
        link = page.locator(".overview [data-contender='serial']")
        link.focus()
        page.keyboard.press("Enter")
        assert chips.get_by_role("button", name="serial").get_attribute("aria-pressed") == "true"
        expect(chips.get_by_role("button", name="serial")).to_be_focused()
        expect(page.locator("figure.timeline")).to_be_in_viewport()


def test_two_contenders_are_played_back_to_their_end(browser: Browser, report: Path) -> None:
    with opened(browser, report, place="#pair-waits-0") as (page, _):
        pair = page.locator("figure.pair")
        expect(pair).to_be_visible()  # a link to what is folded unfolds it
        counters, output = pair.locator(".done"), pair.locator("output")
        assert counters.all_inner_texts() == ["4 of 4 jobs done", "30 of 30 jobs done"]
        assert pair.locator("figcaption").inner_text() == (
            "In these two runs celery:prefork@2 took 1.00 s, serial 4.00 s: 4.00 times as long."
        )
        pair.locator("input").fill("500")
        assert counters.all_inner_texts() == ["2 of 4 jobs done", "30 of 30 jobs done"]
        page.evaluate("document.querySelector('.speed option').value = '0.3'")
        pair.get_by_role("button", name="Play").click()
        expect(pair.get_by_role("button", name="Play")).to_be_visible()
        assert counters.all_inner_texts() == ["4 of 4 jobs done", "30 of 30 jobs done"]
        assert output.inner_text() == "4.00 s"
        pair.locator("select[data-side='upper']").select_option(label="celery:prefork@2")
        assert counters.first.inner_text() == "30 of 30 jobs done"
        assert output.inner_text() == "1.00 s"


def test_who_asks_for_less_motion_plays_step_by_step(browser: Browser, report: Path) -> None:
    with opened(browser, report, still=True, place="#pair-waits-0") as (page, _):
        pair = page.locator("figure.pair")
        pair.get_by_role("button", name="Next step").press("Enter")
        assert pair.locator("output").inner_text() == "400 ms"
        for _step in range(9):
            pair.get_by_role("button", name="Next step").press("Enter")
        assert pair.locator("output").inner_text() == "4.00 s"


def where(page: Page) -> str:
    """The progress that the presentation shows."""
    return page.locator("#present .place").inner_text()


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_a_presentation_shows_each_figure_large_and_whole(browser: Browser, report: Path, theme: str) -> None:
    with opened(browser, report, SCREEN, theme) as (page, _):  # type: ignore[arg-type]  # the two that there are
        figures = page.locator("main figure").count()
        page.locator("#waits").evaluate(
            '(part, line) => { part.querySelector(".take-home").textContent = line; }',
            TAKE_HOME,
        )
        sections = page.locator("main figure").evaluate_all(
            'figures => figures.map((figure) => figure.closest("section").id)'
        )
        page.keyboard.press("p")
        for place, section in enumerate(sections, 1):
            assert where(page) == f"{place} / {figures}"
            size_px, text = page.locator("#present").evaluate(SMALLEST)
            assert size_px >= 18, text
            expected = TAKE_HOME if section == "waits" else ""
            assert page.locator("#present .take").inner_text() == expected
            slide = page.locator("#present .slide")
            assert slide.evaluate("slide => slide.scrollHeight <= slide.clientHeight"), where(page)
            assert slide.evaluate("slide => slide.scrollWidth <= slide.clientWidth")
            page.evaluate("drawnSizes.length = 0; for (const redraw of redraws) redraw()")
            assert min(page.evaluate("drawnSizes"), default=18) >= 18
            page.keyboard.press("ArrowRight")
        assert where(page) == f"{figures} / {figures}"
        page.keyboard.press("Escape")
        assert page.locator("#present").is_hidden()
        assert page.locator("main figure").count() == figures


@pytest.mark.parametrize(
    ("section", "titles"),
    [
        ("pools", ["Slow web requests", "Computing", "A mix"]),
        ("celery", ["What it buys", "What it cost here"]),
        ("questions", ["What is the basic idea behind async?", "Process or thread?"]),
    ],
)
def test_what_the_page_answers_is_presented_an_answer_a_screen(
    browser: Browser, report: Path, section: str, titles: list[str]
) -> None:
    with opened(browser, report, SCREEN) as (page, _):
        shown = []
        page.keyboard.press("p")
        page.keyboard.press("End")
        heading = page.locator(f"main #{section} > h2").text_content()
        for _place in range(page.locator("main figure").count() + 1):
            if page.locator("#present .where").inner_text() == heading:
                shown += page.locator("#present h4").all_inner_texts()
                assert page.locator("#present .told li").first.is_visible()
            page.keyboard.press("ArrowLeft")
        assert set(titles) <= set(shown)
        page.keyboard.press("Escape")


def test_an_answer_is_read_whole_before_it_is_opened(browser: Browser, report: Path) -> None:
    with opened(browser, report) as (page, _):
        answers = page.locator(".answer > summary")
        assert answers.count() >= 7
        for answer in answers.all():
            assert answer.evaluate("part => part.scrollWidth <= part.clientWidth")


def test_what_would_change_is_presented_as_its_table(browser: Browser, report: Path) -> None:
    with opened(browser, report, SCREEN, place="#waits") as (page, _):
        what_if = page.locator("main figure.what-if").first
        place = page.locator("main figure").evaluate_all(
            "figures => figures.findIndex((figure) => figure.classList.contains('what-if'))"
        )
        assert what_if.locator("ul").count() == 1
        page.keyboard.press("p")
        page.keyboard.press("Home")
        for _turn in range(place):
            page.keyboard.press("ArrowRight")
        assert page.locator("#present .what-if table").is_visible()
        assert page.locator("#present .what-if ul").is_hidden()


def test_what_is_to_be_taken_home_makes_room_for_a_figure(browser: Browser, report: Path) -> None:
    with opened(browser, report, SCREEN) as (page, _):
        page.locator("#waits").evaluate(
            '(part, line) => { part.querySelector(".take-home").textContent = line; }',
            TAKE_HOME * 12,
        )
        page.keyboard.press("p")
        for _place in range(page.locator("main figure").count() + 1):
            slide = page.locator("#present .slide")
            assert slide.evaluate("slide => slide.scrollHeight <= slide.clientHeight"), where(page)
            page.keyboard.press("ArrowRight")


def test_a_presentation_obeys_keys_and_gives_them_back(browser: Browser, report: Path) -> None:
    with opened(browser, report, SCREEN) as (page, _):
        order = page.locator("main figure h4:first-of-type").all_text_contents()
        page.get_by_role("button", name="Present").click()
        for key, title in (
            (" ", order[1]),
            ("PageDown", order[2]),
            ("ArrowLeft", order[1]),
            ("End", order[-1]),
        ):
            page.keyboard.press(key)
            assert page.locator("#present figure h4").first.inner_text() == title
        page.keyboard.press("Home")
        # Space presses the button that has the focus, and turns no page.
        page.locator("#present [data-does='on']").focus()
        page.keyboard.press(" ")
        assert where(page).startswith("2 /")
        page.keyboard.press("p")
        assert page.locator("#present").is_hidden()
        assert page.locator("main figure h4:first-of-type").all_text_contents() == order
        assert page.evaluate("document.activeElement.id") == "start"


def test_a_number_that_is_presented_turns_to_its_timeline(browser: Browser, report: Path) -> None:
    with opened(browser, report, SCREEN) as (page, _):
        page.keyboard.press("p")
        page.locator("#present .overview [data-contender='serial']").click()
        chip = page.locator("#present figure.timeline").get_by_role("button", name="serial")
        assert chip.get_attribute("aria-pressed") == "true"
        expect(chip).to_be_focused()
        page.keyboard.press("ArrowRight")
        assert page.locator("#present figure h4").inner_text() == "Two side by side"


def test_a_timeline_is_zoomed_and_moved_by_keys(browser: Browser, report: Path) -> None:
    with opened(browser, report, SCREEN) as (page, _):
        timeline = page.locator("figure.timeline")
        whole = timeline.get_by_role("button", name="Show the whole run")
        timeline.locator("canvas").focus()
        view = "[...timelines.values()][0].view"
        end = page.evaluate(f"{view}.line.end")
        page.keyboard.press("+")
        page.keyboard.press("+")
        assert page.evaluate(f"[{view}.from, {view}.to]") == [0.375 * end, 0.625 * end]
        for _press in range(9):
            page.keyboard.press("ArrowRight")
        assert page.evaluate(f"[{view}.from, {view}.to]") == [0.75 * end, end]
        page.keyboard.press("ArrowLeft")
        expect(whole).to_be_visible()
        page.keyboard.press("0")
        assert page.evaluate(f"[{view}.from, {view}.to]") == [0, end]
        expect(whole).to_be_hidden()
        # What is whole does not move: in a presentation the arrow turns the page.
        page.keyboard.press("p")
        canvas = page.locator("#present figure.timeline canvas")
        for _turn in range(99):
            if canvas.count():
                break
            page.keyboard.press("ArrowDown")
        canvas.focus()
        before = where(page)
        page.keyboard.press("ArrowRight")
        assert where(page) != before


def test_a_finger_on_a_bar_tells_of_its_job(browser: Browser, report: Path) -> None:
    with opened(browser, report, PHONE, touch=True) as (page, _):
        canvas = page.locator("figure.timeline canvas")
        canvas.scroll_into_view_if_needed()
        x, y = page.evaluate(
            """() => {
                const { view } = [...timelines.values()][0];
                const { start, length, lane } = view.line;
                return [view.x(start[0] + length[0] / 2), view.top + view.lane * (lane[0] + 0.5)];
            }"""
        )
        canvas.tap(position={"x": x, "y": y})
        expect(page.locator("#tip")).to_be_visible()
        expect(page.locator("#tip")).to_contain_text("job 0")


def test_a_cut_table_says_so_and_keeps_its_first_column(browser: Browser, report: Path) -> None:
    with opened(browser, report, PHONE) as (page, _):
        page.locator(".numbers > summary").click()
        scroll = page.locator(".numbers .scroll")
        expect(page.locator(".numbers .more")).to_be_visible()
        name = scroll.locator("tbody th").first
        before = name.bounding_box()
        scroll.evaluate("scroll => { scroll.scrollLeft = scroll.scrollWidth; }")
        expect(page.locator(".numbers .more")).to_be_hidden()
        after = name.bounding_box()
        assert before is not None
        assert after is not None
        assert before["x"] == after["x"]


def test_paper_shows_all_that_is_folded(browser: Browser, report: Path) -> None:
    with opened(browser, report, LAPTOP) as (page, _):
        folded = page.locator("details:not([open])")
        number = folded.count()
        assert number > 5
        page.evaluate("dispatchEvent(new Event('beforeprint'))")
        assert folded.count() == 0
        page.evaluate("dispatchEvent(new Event('afterprint'))")
        assert folded.count() == number


def test_a_phone_has_its_whole_navigation_and_names_its_lanes(browser: Browser, report: Path) -> None:
    with opened(browser, report, PHONE) as (page, _):
        for link in page.locator("nav a").all():
            box = link.bounding_box()
            assert box is not None
            assert box["x"] + box["width"] <= PHONE[0]
        page.locator("figure.timeline").get_by_role("button", name="celery:prefork@2").click()
        assert {"1", "2"} <= set(page.evaluate("drawnTexts"))
