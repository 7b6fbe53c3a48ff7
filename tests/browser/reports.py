"""Reports to open in a browser, and what their texts are in size."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from playwright.sync_api import Browser, Page, Request

from producer.show.report import files
from producer.show.report.labelled import label
from tests.charted import Span, compared, one_after_the_other, placed

PHONE, LAPTOP, PROJECTOR = (390, 844), (1280, 800), (1920, 1080)
#: Shows all that is folded.
UNFOLD = "for (const fold of document.querySelectorAll('details')) fold.open = true"
#: The smallest text that is seen within an element, in pixels of the screen, and what it says.
SMALLEST = """element => [...element.querySelectorAll("*")]
  .filter((part) => part.checkVisibility() && part.getClientRects().length && part.tagName !== "SCRIPT"
    && [...part.childNodes].some((node) => node.nodeType === Node.TEXT_NODE && node.data.trim()))
  .map((part) => [
    parseFloat(getComputedStyle(part).fontSize) * (part.ownerSVGElement?.getScreenCTM().a ?? 1),
    part.textContent.trim().slice(0, 40),
  ])
  .sort(([one], [other]) => one - other)[0]"""
#: Keeps the texts that canvases draw, and their sizes.
LISTEN = """window.drawnSizes = [];
window.drawnTexts = [];
const fillText = CanvasRenderingContext2D.prototype.fillText;
CanvasRenderingContext2D.prototype.fillText = function (...args) {
  drawnTexts.push(args[0]);
  drawnSizes.push(parseFloat(this.font));
  return fillText.apply(this, args);
};"""


@dataclass(slots=True)
class Seen:
    """What a page did while it was open."""

    errors: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)

    def request(self, request: Request) -> None:
        """Take down what was asked of anybody else."""
        if not request.url.startswith(("file:", "data:")):
            self.requests.append(request.url)


@contextmanager
def opened(
    browser: Browser,
    path: Path,
    size: tuple[int, int] = LAPTOP,
    theme: Literal["light", "dark"] = "light",
    touch: bool = False,
    *,
    still: bool = False,
    place: str = "",
) -> Iterator[tuple[Page, Seen]]:
    """The report, open; it has neither complained nor asked anybody for anything when it closes."""
    seen = Seen()
    context = browser.new_context(
        viewport={"width": size[0], "height": size[1]},
        color_scheme=theme,
        has_touch=touch,
        reduced_motion="reduce" if still else "no-preference",
    )
    page = context.new_page()
    page.add_init_script(LISTEN)
    page.on("console", lambda message: seen.errors.append(message.text))
    page.on("pageerror", lambda error: seen.errors.append(str(error)))
    page.on("request", lambda request: seen.request(request))
    page.goto(path.as_uri() + place)
    try:
        yield page, seen
    finally:
        context.close()
    assert seen == Seen()


def write_three(path: Path) -> Path:
    """A report of three contenders, one of them invalid."""
    open_at_once: list[Span] = [(1 + place % 2, 0.0, 0.1 * (place % 3), 1.0) for place in range(30)]
    runs = [
        *one_after_the_other("serial", 4.0),
        *(placed(open_at_once, "celery:prefork@2", round_) for round_ in range(1, 6)),
        placed([(1, 0, 0, 1)], "threads@2", problems=["3 of 4 jobs were lost"]),
    ]
    files.write([label("one", compared(*runs)[0])], path)
    return path
