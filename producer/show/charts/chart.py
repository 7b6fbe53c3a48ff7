"""A chart as the report uses it: what it shows, how to read it, its sentence, and its pictures."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from producer.show.svg.drawing import Drawing
from producer.show.svg.rows import Frame

#: The most blocks that a timeline draws, give or take one per lane.
MAX_BLOCKS = 3000


@dataclass(frozen=True, slots=True)
class Picture:
    """One drawing of a chart."""

    #: The name of its file.
    name: str
    #: The title above it in that file.
    title: str
    draw: Callable[[Frame], Drawing]
    #: Its own sentence; empty where the chart's sentence serves.
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
    """Settings that the charts of one page share."""

    #: The common end of the axes of makespans, in seconds; None where each has its own.
    longest_s: float | None = None
    #: The most blocks of one timeline.
    max_blocks: int = MAX_BLOCKS


#: The settings of a chart that stands on no page with others.
ALONE = Shared()
