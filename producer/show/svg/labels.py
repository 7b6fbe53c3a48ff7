"""Finds places for the names of marks, so that no name lies on another, on a mark, or outside."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from producer.show.svg.drawing import TEXT, Anchor, text_width

#: The gap between a mark and its name; half a mark.
GAP, MARK = 12.0, 7.0
#: How far apart the places are that are tried, and how many: a name far from its mark is read as another's.
STEP, STEPS = 9.0, 9


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle of the drawing."""

    left: float
    top: float
    right: float
    bottom: float

    def meets(self, other: Box) -> bool:
        """Whether the two have a place in common."""
        beside = self.right <= other.left or other.right <= self.left
        return not (beside or self.bottom <= other.top or other.bottom <= self.top)

    def holds(self, other: Box) -> bool:
        """Whether the other lies within it."""
        return (
            self.left <= other.left
            and self.top <= other.top
            and other.right <= self.right
            and other.bottom <= self.bottom
        )


@dataclass(frozen=True, slots=True)
class Label:
    """Where a name begins or ends, and whether a line has to lead to it from its mark."""

    x: float
    base: float
    anchor: Anchor
    led: bool
    box: Box


def place_labels(
    names: Sequence[str], marks: Sequence[tuple[float, float]], within: Box
) -> list[Label | None]:
    """Place the name of each mark beside it, or as near as there is room; None where there is none."""
    taken = [Box(x - MARK, y - MARK, x + MARK, y + MARK) for x, y in marks]
    placed: list[Label | None] = []
    for name, (x, y) in zip(names, marks, strict=True):
        label = next(
            (
                label
                for label in _tried(name, x, y)
                if within.holds(label.box) and not any(label.box.meets(box) for box in taken)
            ),
            None,
        )
        placed.append(label)
        if label:
            taken.append(label.box)
    return placed


def _tried(name: str, x: float, y: float) -> Iterator[Label]:
    width = text_width(name, bold=True)
    for step in range(STEPS):
        for shift in (-step * STEP, step * STEP):
            base = y + TEXT / 3 + shift
            led = abs(shift) > TEXT
            gap = GAP + (10 if led else 0)
            top, bottom = base - TEXT * 0.85, base + TEXT * 0.25
            yield Label(x + gap, base, "start", led, Box(x + gap, top, x + gap + width, bottom))
            yield Label(x - gap, base, "end", led, Box(x - gap - width, top, x - gap, bottom))
