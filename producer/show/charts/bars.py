"""The bars of jobs on a time axis: how much of its time a job really ran, and when an event loop stood still.

Nobody knows when within its time a job ran, only for how long: so a bar is filled from below, as high as the
share in which it ran. What is filled, added up, is CPU time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from producer.show.svg.drawing import Drawing, text_width
from producer.stats.lanes import Block
from producer.words import seconds

#: How much a bar is seen where its job stood still, and where nobody knows whether it ran.
PALE, UNKNOWN = 0.3, 0.65
#: When an event loop stood still, since the first job was enqueued, and for how long, in seconds.
StallS: TypeAlias = tuple[float, float]
#: Height of the strip above the lanes that says how long an event loop stood still.
STRIP = 20.0


@dataclass(frozen=True, slots=True)
class Box:
    """The place of a bar in a drawing."""

    x: float
    y: float
    width: float
    height: float


def draw_block(drawing: Drawing, box: Box, colour: str, block: Block, tip: str = "") -> None:
    """Draw a job, or neighbours of one lane, filled from below as high as they ran."""
    ran, seen = ran_share(block), busy_share(block)
    if ran is None:
        drawing.rect(box.x, box.y, box.width, box.height, colour, tip, opacity=UNKNOWN * seen)
        return
    drawing.rect(box.x, box.y, box.width, box.height, colour, tip, opacity=PALE * seen)
    height = box.height * ran
    drawing.rect(box.x, box.y + box.height - height, box.width, height, colour, tip)


def ran_share(block: Block) -> float | None:
    """The share of a block's time in which its jobs ran; None where that is not known."""
    length = block.end_s - block.start_s
    if block.cpu_s is None:
        return None
    return min(block.jobs * block.cpu_s / length, 1.0) if length else 1.0


def busy_share(block: Block) -> float:
    """The share of a block that was work, but never so small that its colour cannot be seen."""
    length = block.end_s - block.start_s
    share = block.jobs * block.service_s / length if length else 1.0
    return round(min(max(share, 0.25), 1.0), 2)


def draw_stalls(
    drawing: Drawing, stalls: Sequence[StallS], x: Callable[[float], float], top: float, bottom: float
) -> None:
    """Hatch the times in which the loop stood still across all lanes, and say in the strip above how long."""
    longest = max(stalls, key=lambda stall: stall[1], default=None)
    for stall in stalls:
        began, ended = x(stall[0]), x(stall[0] + stall[1])
        drawing.hatch(began, top - STRIP, max(ended - began, 1.0), bottom - top + STRIP, "ink")
        label = describe_stall(stall)
        width = text_width(label)
        if stall is longest or width + 8 < ended - began:
            left = min(began + 4, drawing.width - width - 4)
            drawing.rect(left - 2, top - STRIP + 2, width + 4, STRIP - 4, "paper")
            drawing.text(left, top - 6, label)


def describe_filling(known: Iterable[bool]) -> str:
    """Say how to read bars, of which the share in which they ran is known or not; nothing where of none."""
    told = [*known]
    if not any(told):
        return ""
    filled = (
        " A bar is filled as high as the share of its time in which its job really ran (the CPU time of its "
        "thread); where it is pale, the job stood still."
    )
    if all(told):
        return filled
    return f"{filled} Where many jobs share a thread nobody can tell, and a bar has one tone."


def describe_stall(stall: StallS) -> str:
    """Say how long a loop stood still."""
    return f"the loop stood still for {seconds(stall[1])}"


def describe_stalls(stalls: Sequence[StallS]) -> str | None:
    """Say how often a loop stood still, and what came of it; None where it never did for long."""
    if not stalls:
        return None
    longest = max(length for _, length in stalls)
    what = f"Its event loop stood still for {seconds(longest)}"
    if len(stalls) > 1:
        whole = sum(length for _, length in stalls)
        what = (
            f"Its event loop stood still {len(stalls)} times, for {seconds(whole)} in all, "
            f"once for {seconds(longest)}"
        )
    return f"{what} (hatched): meanwhile nothing else on the loop could go on."
