"""Says with how many slots two contenders were compared, where they are not as many: like with like."""

from __future__ import annotations

from producer.words import counted


def against(slots: int, other: int) -> str:
    """Write "with 32 slots against 2"; nothing where they are as many."""
    return "" if slots == other else f"with {counted(slots, 'slot')} against {other:,}"


def behind_comma(slots: int, other: int) -> str:
    """Write the same behind what a sentence has said before it."""
    text = against(slots, other)
    return f", {text}" if text else ""


def between_commas(slots: int, other: int) -> str:
    """Write the same within a sentence that goes on."""
    text = against(slots, other)
    return f", {text}," if text else ""
