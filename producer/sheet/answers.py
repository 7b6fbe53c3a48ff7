"""Reads an answer as a number with what its digits leave open, or as a name."""

from __future__ import annotations

import re
from dataclasses import dataclass

_NUMBER = re.compile(
    r"(?:about|ca\.?|~|≈)?\s*(?P<digits>[0-9][0-9.,]*)\s*(?P<unit>[^\s0-9.,]*)[^0-9]*", re.IGNORECASE
)
_THOUSANDS = re.compile(r"[0-9]{1,3}(,[0-9]{3})+(\.[0-9]+)?")
_PLAIN = re.compile(r"[0-9]+([.,][0-9]+)?")
#: What is longer, in characters, is no number; nor is it searched for one, which would take for ever.
_LONGEST = 200
#: How many seconds each unit has.
_SECONDS = {
    **dict.fromkeys(("µs", "μs", "us"), 1e-6),
    "ms": 1e-3,
    **dict.fromkeys(("s", "sec", "second", "seconds"), 1.0),
    **dict.fromkeys(("min", "minute", "minutes"), 60.0),
    **dict.fromkeys(("h", "hour", "hours"), 3600.0),
}


@dataclass(frozen=True, slots=True)
class Written:
    """A number as it is written: "3.3" says no more than 3.25 to 3.35."""

    low: float
    high: float

    def fits(self, low: float, high: float) -> bool:
        """Whether one of the numbers that it may stand for lies in that interval."""
        return self.low <= high and low <= self.high


def read_number(text: str, unit_s: float | None = None) -> Written | None:
    """Read a number; None where there is none.

    With `unit_s` it is a time, and becomes seconds: in the unit that is written after it, or else in units of
    so many seconds. Without it a percent sign makes hundredths. "1,235" has a thousand in it; "3,3" is 3.3.
    """
    text = text.strip()
    match = _NUMBER.fullmatch(text) if len(text) <= _LONGEST else None
    if match is None:
        return None
    digits = match["digits"].rstrip(".,")
    if _THOUSANDS.fullmatch(digits):
        digits = digits.replace(",", "")
    elif _PLAIN.fullmatch(digits):
        digits = digits.replace(",", ".")
    else:
        return None
    decimals = len(digits.partition(".")[2])
    unit = match["unit"].lower()
    plain = 0.01 if unit.startswith("%") else 1.0
    scale = _SECONDS.get(unit.rstrip("."), unit_s) if unit_s else plain
    value, half = float(digits), 0.5 * 10.0**-decimals
    return Written((value - half) * scale, (value + half) * scale)
