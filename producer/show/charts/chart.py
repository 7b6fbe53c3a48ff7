"""A chart as the report uses it: what it shows, how to read it, its sentence, and its pictures."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from producer.show.svg.drawing import Drawing
from producer.show.svg.rows import Frame

#: Blocks that a timeline draws at most, give or take one per lane.
MAX_BLOCKS = 3000


@dataclass(frozen=True, slots=True)
class Picture:
    """One drawing of a chart."""

    #: Of its file.
    name: str
    #: What stands above it there.
    title: str
    draw: Callable[[Frame], Drawing]
    #: Where the picture has a sentence of its own, and not that of the chart.
    sentence: str = ""


@dataclass(frozen=True, slots=True)
class Chart:
    """One figure of a report."""

    title: str
    #: What the chart shows and how to read it.
    reading: str
    sentence: str
    pictures: tuple[Picture, ...]
    #: Whether its pictures are small and stand beside each other.
    beside: bool = False


@dataclass(frozen=True, slots=True)
class Shared:
    """What the charts of one page have in common."""

    #: Where the axes of makespans end, so that they can be compared; None where each ends by itself.
    longest_s: float | None = None
    #: The most blocks of one timeline.
    max_blocks: int = MAX_BLOCKS


#: A chart that stands on no page with others.
ALONE = Shared()
