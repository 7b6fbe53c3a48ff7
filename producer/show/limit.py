"""What is said of the limit that nothing can beat: that it is estimated, how sure, and who came near it."""

from __future__ import annotations

import math
from collections.abc import Sequence

from producer.stats.limit import COOPERATIVE
from producer.stats.summary import Summary
from producer.words import listed, percent

#: A doubt of less than this share is not worth a word.
LITTLE = 0.005


def describe_limits(rows: Sequence[Summary]) -> str:
    """Say what the diamond is, how sure, and whether any run came left of it, which none can."""
    # Under several Pythons there are several estimates.
    least_sure = max(rows, key=lambda row: math.inf if row.limit_doubt is None else row.limit_doubt)
    doubt = write_doubt(least_sure)
    limit = f"The diamond is the limit, as estimated from the fastest of what was measured{doubt}"
    beaten = [str(row.contender) for row in rows if _is_beaten_once(row)]
    if beaten:
        return (
            f"{limit}. Nothing can come left of it, and runs of {listed(beaten)} did: there it is estimated "
            "too high."
        )
    return f"{limit}: no run came left of it."


def _is_beaten_once(row: Summary) -> bool:
    return row.makespan_min_s is not None and row.limit_s is not None and row.makespan_min_s < row.limit_s


def write_doubt(row: Summary) -> str:
    """Say in parentheses by how much a limit may be too high; nothing where that is next to nothing."""
    if row.limit_doubt is None:
        return " (only once, so nobody knows how sure it is)"
    return f" (it may be {percent(row.limit_doubt)} too high)" if row.limit_doubt >= LITTLE else ""


def describe_reached(row: Summary) -> str:
    """Say how near to its limit a contender with a valid run came, and to that of one core, if any."""
    name = row.contender
    if row.beats_limit:
        return _beaten(row)
    reached = f"{name} reached {percent(row.efficiency)} of its estimated limit"
    if row.one_core_limit_s is None or row.makespan_s is None or row.one_core_limit_s > row.makespan_s:
        return reached
    held = "its one thread" if name.way in COOPERATIVE else "the GIL"
    of_core = percent(row.one_core_limit_s / row.makespan_s)
    return f"{reached}, and {of_core} of what is left of it where {held} holds each process to one core"


def _beaten(row: Summary) -> str:
    if not row.limit_own:
        return (
            f"{row.contender} was faster than its limit, which was measured under the Python that simul "
            "itself runs on: this one does the same work faster, or the machine was slower then"
        )
    return (
        f"{row.contender} was faster than its estimated limit, which nothing can be: the machine was slower "
        "whenever that was measured, so measure again when it is quiet"
    )
