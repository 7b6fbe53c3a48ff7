"""The few shapes that charts are made of. Everything written into a drawing is escaped here."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from producer.printable import html
from producer.show.svg.palette import refer_to

FONT = "system-ui, 'Segoe UI', 'Liberation Sans', 'DejaVu Sans', Helvetica, Arial, sans-serif"
#: The size of texts, and the least there is: a page shows a drawing so large that it can be read (`rows`).
TEXT = 14.5
#: The margin around a drawing that stands alone.
MARGIN = 20.0
Anchor = Literal["start", "middle", "end"]


class Drawing:
    """A drawing whose width is given, and whose height is known when it is drawn."""

    def __init__(self, width: float) -> None:
        self.width = width
        self.height = 0.0
        self._parts: list[str] = []

    def rect(
        self, x: float, y: float, width: float, height: float, fill: str, tip: str = "", *, opacity: float = 1
    ) -> None:
        """Draw a filled rectangle; one of no width becomes a hair, so that nothing measured is invisible."""
        see_through = f' fill-opacity="{opacity:g}"' if opacity < 1 else ""
        self._parts.append(
            f'<rect x="{_n(x)}" y="{_n(y)}" width="{_n(max(width, 0.6))}" height="{_n(height)}" '
            f'fill="{refer_to(fill)}"{see_through}{_tip(tip)}/>'
        )

    def hatch(self, x: float, y: float, width: float, height: float, stroke: str, step: float = 7) -> None:
        """Draw slanting lines across a rectangle, faint enough for what is under them to be seen."""
        ends = []
        offset = step
        while offset < width + height:
            # From the left or the bottom edge up to the top or the right one.
            low = max(0.0, offset - height)
            high = min(width, offset)
            ends.append(f"M{_n(x + low)} {_n(y + offset - low)}L{_n(x + high)} {_n(y + offset - high)}")
            offset += step
        self._parts.append(
            f'<path d="{"".join(ends)}" stroke="{refer_to(stroke)}" stroke-width="1" stroke-opacity="0.35" '
            f'fill="none"/><rect x="{_n(x)}" y="{_n(y)}" width="{_n(width)}" height="{_n(height)}" '
            f'fill="none" stroke="{refer_to(stroke)}" stroke-opacity="0.35"/>'
        )

    def line(
        self, x1: float, y1: float, x2: float, y2: float, stroke: str = "line", width: float = 1
    ) -> None:
        """Draw a straight line."""
        self._parts.append(
            f'<path d="M{_n(x1)} {_n(y1)}L{_n(x2)} {_n(y2)}" stroke="{refer_to(stroke)}" '
            f'stroke-width="{width:g}" fill="none"/>'
        )

    def path(
        self, points: Sequence[tuple[float, float]], stroke: str, width: float, *, dashed: bool = False
    ) -> None:
        """Draw a line through these points."""
        dashes = ' stroke-dasharray="5 3"' if dashed else ""
        path = "L".join(f"{_n(x)} {_n(y)}" for x, y in points)
        self._parts.append(
            f'<path d="M{path}" stroke="{refer_to(stroke)}" stroke-width="{width:g}"{dashes} fill="none"/>'
        )

    def area(self, points: Sequence[tuple[float, float]], fill: str, opacity: float = 1) -> None:
        """Draw a filled shape."""
        path = "L".join(f"{_n(x)} {_n(y)}" for x, y in points)
        self._parts.append(f'<path d="M{path}Z" fill="{refer_to(fill)}" fill-opacity="{opacity:g}"/>')

    def diamond(self, x: float, y: float, size: float, fill: str = "ink", tip: str = "") -> None:
        """Draw a mark; the rim of paper keeps it apart from what lies under it."""
        self._parts.append(
            f'<path d="M{_n(x)} {_n(y - size)}l{_n(size)} {_n(size)} {_n(-size)} {_n(size)} {_n(-size)} '
            f'{_n(-size)}z" fill="{refer_to(fill)}" stroke="{refer_to("paper")}"{_tip(tip)}/>'
        )

    def dot(self, x: float, y: float, size: float, fill: str = "ink", tip: str = "") -> None:
        """Draw a round mark, with a rim of paper as well."""
        self._parts.append(
            f'<circle cx="{_n(x)}" cy="{_n(y)}" r="{_n(size)}" fill="{refer_to(fill)}" '
            f'stroke="{refer_to("paper")}"{_tip(tip)}/>'
        )

    def text(
        self,
        x: float,
        y: float,
        text: str,
        *,
        fill: str = "ink",
        size: float = TEXT,
        anchor: Anchor = "start",
        bold: bool = False,
    ) -> None:
        """Write a line of text on the base line `y`."""
        weight = ' font-weight="600"' if bold else ""
        self._parts.append(
            f'<text x="{_n(x)}" y="{_n(y)}" font-size="{size:g}" text-anchor="{anchor}" '
            f'fill="{refer_to(fill)}"{weight}>{html(text)}</text>'
        )

    def hover(self, x: float, y: float, width: float, height: float, tip: str) -> None:
        """Add an invisible area that shows `tip` to whoever points at it."""
        self._parts.append(
            f'<rect x="{_n(x)}" y="{_n(y)}" width="{_n(width)}" height="{_n(height)}" '
            f'fill="none" pointer-events="all"{_tip(tip)}/>'
        )

    def svg(self, label: str) -> str:
        """Return the whole drawing; `label` is read out to whoever cannot see it."""
        return self._svg(label, (0, 0, self.width, self.height), "")

    def slide(self, label: str, title: str) -> str:
        """Return the whole drawing on paper of its own, with a margin and a title."""
        x, y, width, height = -MARGIN, -MARGIN - 34, self.width + 2 * MARGIN, self.height + 2 * MARGIN + 34
        ground = (
            f'<rect x="{_n(x)}" y="{_n(y)}" width="{_n(width)}" height="{_n(height)}" '
            f'fill="{refer_to("paper")}"/><text x="4" y="-14" font-size="20" font-weight="600" '
            f'fill="{refer_to("ink")}">{html(title)}</text>'
        )
        return self._svg(label, (x, y, width, height), ground)

    def _svg(self, label: str, box: tuple[float, float, float, float], ground: str) -> str:
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="{" ".join(map(_n, box))}" role="img" '
            f'aria-label="{html(label)}" font-family="{FONT}">{ground}{"".join(self._parts)}</svg>'
        )


def text_width(text: str, size: float = TEXT, *, bold: bool = False) -> float:
    """Estimate how wide a text will be, rather too wide than too narrow where it is bold."""
    return len(text) * size * (0.67 if bold else 0.54)


def break_lines(text: str, width: float) -> list[str]:
    """Break a text between its words into lines that are no wider than that."""
    lines = [""]
    for word in text.split(" "):
        longer = f"{lines[-1]} {word}".strip()
        if lines[-1] and text_width(longer) > width:
            lines.append(word)
        else:
            lines[-1] = longer
    return lines


def _n(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0")


def _tip(tip: str) -> str:
    return f' data-tip="{html(tip)}"' if tip else ""
