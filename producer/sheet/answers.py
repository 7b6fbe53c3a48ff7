"""Finds the number or the time in an answer. Here stands what counts as one.

| | what counts |
| --- | --- |
| a number | 3.3; 3,3; × 3.3; (3.3); about 3.3 times; 3.3 (3.1–3.5); 29 %; 69/24; 69 MiB / 24 MiB |
| a time | 46 ms; for up to 1.2 s; 1 h 0 min 55 s; 1:00:55; 46, in the unit of the question |

Any text may stand around it. Of a calculation its end counts ("24 × 30 min = 12 h"), of a label what stands
behind its colon ("24 slots: 3.3"), of several sentences the first, if it has a number. Of several numbers
the one counts that is called a factor ("24 slots were 3.3 times as fast"), or else the first, where nothing
but words such as "about" stands before it; a remark in brackets, and the number in a contender's name, count
where there is no other. Two of which neither is first ("threads 2, asyncio 3"), and a range ("3 to 4"), are
none.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

#: By which share a calculated number may be off, to either side: people round what they calculate with.
TOLERANCE = 0.02
#: What a number with few digits may stand for, as a share of it to either side: "1" is no 1.22, and no 0.6.
COARSEST = 0.1
#: What is longer, in characters, is not searched to its end.
_LONGEST = 500

#: The words for each unit of time, and how many seconds it has.
_UNITS = {
    "h|hr|hrs|hours?": 3600.0,
    "m|min|mins|minutes?": 60.0,
    "s|secs?|seconds?": 1.0,
    "ms|msecs?|milliseconds?": 1e-3,
    "µs|μs|us|microseconds?": 1e-6,
}
_DIGITS = r"(?:[0-9]+(?:[.,][0-9]+)*|\.[0-9]+)"
#: Not within a word or another number, and not below zero; but in "x3.3".
_BEGIN = r"(?:(?<![\w.,−-])|(?<=\bx))"
_UNIT = rf"(?:{'|'.join(_UNITS)})(?![^\W\d_])"
_PART = rf"(?P<digits>{_DIGITS})\s*(?P<unit>{_UNIT})"
_PLAIN_PART = rf"{_DIGITS}\s*{_UNIT}"
_NUMBER = re.compile(
    rf"{_BEGIN}(?P<digits>{_DIGITS})\s*"
    r"(?:(?P<percent>%)(?!\s*(?:slower|faster|less|more|longer))"
    rf"|(?P<unit>[^\W\d_]+)?\s*[/÷]\s*(?P<divisor>{_DIGITS})\s*(?P<unit_below>[^\W\d_]+)?)?",
    re.IGNORECASE,
)
_TIME = re.compile(
    rf"{_BEGIN}(?:(?P<clock>[0-9]+(?::[0-5][0-9]){{1,2}})(?![0-9])"
    rf"|(?P<parts>{_PLAIN_PART}(?:(?:\s|,|\band\b)*{_PLAIN_PART})*)|(?P<digits>{_DIGITS}))",
    re.IGNORECASE,
)
_THOUSANDS = re.compile(r"[0-9]{1,3}(,[0-9]{3})+(\.[0-9]+)?")
_PLAIN = re.compile(r"[0-9]*([.,][0-9]+)?")
_REMARK = re.compile(r"[(\[][^()\[\]]*[)\]]")
_NAME = re.compile(r"[a-z:+]+@[0-9]+(x[0-9]+)?", re.IGNORECASE)
_BEFORE = re.compile(
    r"[\W_]*(?:(?:about|around|roughly|nearly|almost|some|ca|for|up|to|at|most|least|only|just|x|is|was|it)"
    r"\b[\W_]*)*",
    re.IGNORECASE,
)
_SENTENCE = re.compile(r"[.;]\s")
_FACTOR = re.compile(r"\s*(?:times\b|x\b|×)", re.IGNORECASE)
_RANGE = re.compile(r"\s*(?:-|–|—|\bto\b|\bor\b)\s*[0-9]", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Written:
    """A number as it is written: "3.3" says no more than 3.25 to 3.35."""

    low: float
    high: float

    def fits(self, low: float, high: float) -> bool:
        """Whether one of the numbers that it may stand for lies in that interval."""
        return self.low <= high and low <= self.high


def read_number(text: str) -> Written | None:
    """Find the number; None where there is none, or more than one.

    "1,235" has a thousand in it; "3,3" is 3.3.
    """
    match = _find(_NUMBER, text)
    if match is None or not (value := _value(match["digits"])):
        return None
    if match["percent"]:
        return _written(value, 0.01)
    if match["divisor"] is None:
        return _written(value)
    below = _value(match["divisor"])
    if below is None or not below[0]:
        return None
    scale = 1.0
    if match["unit"] and match["unit_below"]:
        scale = _seconds(match["unit"]) / _seconds(match["unit_below"])
    return _divide(_written(value, scale), _written(below))


def read_time(text: str, unit_s: float) -> Written | None:
    """Find the time, and return it in seconds; None where there is none, or more than one.

    Without a unit it is in units of so many seconds.
    """
    match = _find(_TIME, text)
    if match is None:
        return None
    if match["clock"]:  # h:mm or h:mm:ss
        numbers = [float(number) for number in match["clock"].split(":")]
        seconds = sum(number * scale for number, scale in zip(numbers, (3600, 60, 1), strict=False))
        return _around(seconds, 0.5 if len(numbers) == 3 else 30)
    if match["digits"]:
        value = _value(match["digits"])
        return value and _written(value, unit_s)
    return _sum_up(match["parts"])


def _divide(above: Written, below: Written) -> Written:
    """Divide what was read off a table, where both were rounded; by at least the tolerance it may be off."""
    middle = (above.low + above.high) / (below.low + below.high)
    return Written(
        min(above.low / below.high, middle * (1 - TOLERANCE)),
        max(above.high / below.low, middle * (1 + TOLERANCE)),
    )


def _find(form: re.Pattern[str], text: str) -> re.Match[str] | None:
    """Find the value: the only one, or the first; in a remark or a name only where it is nowhere else."""
    text = text[:_LONGEST]
    without_names = _NAME.sub(" ", text)
    for part in (_REMARK.sub(" ", without_names), without_names, text.replace("@", " ")):
        first = _SENTENCE.split(part.strip(), maxsplit=1)[0]
        calculated = first.rpartition("=")[2] if "=" in first else ""
        labelled = first.partition(": ")[2]
        for section in (calculated, labelled, first, part):
            found = [*form.finditer(section)]
            factors = [match for match in found if _FACTOR.match(section, match.end())]
            if len(factors) == 1:
                return factors[0]
            if found:
                match = found[0]
                clear = len(found) == 1 or _BEFORE.fullmatch(section[: match.start()])
                return match if clear and not _RANGE.match(section, match.end()) else None
    return None


def _value(digits: str) -> tuple[float, float] | None:
    """Read digits, and half of what the last of them stands for."""
    if _THOUSANDS.fullmatch(digits):
        digits = digits.replace(",", "")
    elif _PLAIN.fullmatch(digits):
        digits = digits.replace(",", ".")
    else:
        return None
    return float(digits), 0.5 * 10.0 ** -len(digits.partition(".")[2])


def _written(value: tuple[float, float], scale: float = 1.0) -> Written:
    return _around(value[0] * scale, min(value[1], COARSEST * value[0]) * scale)


def _around(middle: float, half: float) -> Written:
    return Written(middle - half, middle + half)


def _sum_up(parts: str) -> Written | None:
    """Add up "1 h 0 min 55 s" as long as the units become smaller; the last one says how exact it is."""
    seconds = half = 0.0
    last = float("inf")
    for part in re.finditer(_PART, parts, re.IGNORECASE):
        scale, value = _seconds(part["unit"]), _value(part["digits"])
        if value is None:
            return None
        if scale >= last:
            break
        seconds, half, last = seconds + value[0] * scale, value[1] * scale, scale
    return _around(seconds, min(half, COARSEST * seconds))


def _seconds(unit: str) -> float:
    """Return how many seconds a unit has; 1 for what is no unit of time."""
    found = (seconds for words, seconds in _UNITS.items() if re.fullmatch(words, unit, re.IGNORECASE))
    return next(found, 1.0)
