"""Every kind of check that a sheet may ask for, in the comment under its question.

| check | the answer is |
| --- | --- |
| `cores` | the cores that the comparison could use |
| `hours in-turn` | how long Judit takes, one game after the other; without a unit it is in hours |
| `hours table-to-table` | how long she takes from table to table, likewise |
| `slots WORKLOAD A` | the slots of A |
| `makespan WORKLOAD A` | the time of a run of A; without a unit it is in ms |
| `stall WORKLOAD A` | for how long the event loop of A stood still, at most; without a unit it is in ms |
| `jobs-per-second WORKLOAD A` | the throughput of A |
| `times-as-fast WORKLOAD A B` | how many times as fast A is as B |
| `times-the-memory WORKLOAD A B` | how many times the memory of B A takes |
| `fastest WORKLOAD A...` | one that no other is shown to be faster than, where A... took part; or "neither" |
| `faster WORKLOAD A B` | A, B, or "neither" where no difference is shown |

Each looks at one result, and yields a finding for whatever contenders are meant: what the numbers say, and
whether they support the answer. It yields nothing where the result does not have what it needs. A number is
supported where what its digits leave open meets the interval of the ratio, or the range of the runs; a
quotient ("69/24") and the hours of the exhibition may be off by 2 % (`answers.TOLERANCE`). What counts as a
number, a time or a name stands in `answers` and `naming`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

from producer.exhibition.ideal import ideal_s
from producer.results import Result
from producer.sheet.answers import TOLERANCE
from producer.sheet.choices import faster, fastest
from producer.sheet.evidence import Selector, pairs, select, times_as_fast
from producer.sheet.findings import Finding, UnreadableError, interval, of_number, of_time, too_few
from producer.sheet.naming import says_neither
from producer.stats.summary import usable_cores
from producer.words import counted, digits, seconds

#: Half of a MiB, in bytes.
HALF_MIB = 2**19
#: Judit's exhibition: boards, half-moves of a game, and the seconds that she and an opponent think.
BOARDS, PLIES, JUDIT_S, OPPONENT_S = 24, 60, 5.0, 55.0

#: Yields findings on an answer from one result, given what the check names.
Check = Callable[[Result, str, Sequence[str]], Iterator[Finding]]


def cores(result: Result, answer: str, _names: Sequence[str]) -> Iterator[Finding]:
    """The cores that the comparison could use."""
    number = usable_cores(result)
    yield of_number(answer, number, number, f"cores that it could use: {number:g}")


def slots(result: Result, answer: str, names: Sequence[str]) -> Iterator[Finding]:
    """The slots of a contender."""
    for one in select(result, names[0], Selector.parse(names[1])):
        number = one.runs[0].slots
        yield of_number(answer, number, number, f"{one.name} had {number:,} slots")


def makespan(result: Result, answer: str, names: Sequence[str]) -> Iterator[Finding]:
    """The time of a run: any from the shortest to the longest."""
    for one in select(result, names[0], Selector.parse(names[1])):
        times = [*one.makespans.values()]
        low_s, high_s = min(times), max(times)
        yield of_time(answer, low_s, high_s, f"{one.name} took {seconds(low_s)} to {seconds(high_s)}")


def stall(result: Result, answer: str, names: Sequence[str]) -> Iterator[Finding]:
    """The longest time for which an event loop stood still, in any of its runs."""
    for one in select(result, names[0], Selector.parse(names[1])):
        stalls = [run.loop_stall_s for run in one.runs if run.loop_stall_s is not None]
        if stalls:
            low_s, high_s = min(stalls), max(stalls)
            text = f"the longest that the loop of {one.name} stood still was, by run,"
            yield of_time(answer, low_s, high_s, f"{text} {seconds(low_s)} to {seconds(high_s)}")


def jobs_per_second(result: Result, answer: str, names: Sequence[str]) -> Iterator[Finding]:
    """The throughput: any from that of the longest run to that of the shortest."""
    for one in select(result, names[0], Selector.parse(names[1])):
        rates = [one.runs[0].jobs / seconds for seconds in one.makespans.values()]
        text = f"{one.name} did {digits(min(rates))} to {digits(max(rates))} jobs/s"
        yield of_number(answer, min(rates), max(rates), text)


def times_as_fast_check(result: Result, answer: str, names: Sequence[str]) -> Iterator[Finding]:
    """The ratio of two makespans, within its interval, or that of their medians; or that none is shown."""
    for one, other in pairs(result, names[0], *map(Selector.parse, names[1:])):
        ratio = times_as_fast(one, other)
        if ratio is None:
            continue
        if ratio.low is None or ratio.high is None:
            yield too_few(one, ratio.runs)
            continue
        medians = other.median_s / one.median_s
        text = f"{one.name} was {interval(ratio)} times as fast as {other.name}"
        if says_neither(answer):
            yield Finding(not ratio.shown, text)
            continue
        yield of_number(answer, min(ratio.low, medians), max(ratio.high, medians), text)


def times_the_memory(result: Result, answer: str, names: Sequence[str]) -> Iterator[Finding]:
    """The ratio of the most memory of two contenders: from the least to the most that their runs allow."""
    for one, other in pairs(result, names[0], *map(Selector.parse, names[1:])):
        mine, others = (
            [run.peak_memory_bytes for run in each.runs if run.peak_memory_bytes] for each in (one, other)
        )
        if mine and others:
            low, high = min(mine) / max(others), max(mine) / min(others)
            text = f"{one.name} took {digits(low)} to {digits(high)} times the memory of {other.name}"
            # Who divides has read whole MiB off a table.
            least = (min(mine) - HALF_MIB) / (max(others) + HALF_MIB)
            most = (max(mine) + HALF_MIB) / (min(others) - HALF_MIB) if min(others) > HALF_MIB else high
            yield of_number(answer, min(least, low), max(most, high), text)


def hours(_result: Result, answer: str, names: Sequence[str]) -> Iterator[Finding]:
    """The hours of Judit's exhibition. No result is needed for it."""
    in_turn = {"in-turn": True, "table-to-table": False}.get(names[0])
    if in_turn is None:
        raise UnreadableError(f"no check is called 'hours {names[0]}': write in-turn or table-to-table")
    time_s = ideal_s(
        [PLIES] * BOARDS, judits=1, slots=BOARDS, judit_s=JUDIT_S, opponent_s=OPPONENT_S, in_turn=in_turn
    )
    spans = f"{digits(time_s / 3600)} hours ({time_s / 60:,.0f} min)"
    text = f"she takes {spans}; simul judit plays an hour in a second"
    yield of_time(answer, time_s * (1 - TOLERANCE), time_s * (1 + TOLERANCE), text, unit_s=3600)


#: Every kind of check, and how many names follow it at least; only `fastest` takes more.
CHECKS: Mapping[str, tuple[Check, int]] = {
    "cores": (cores, 0),
    "hours": (hours, 1),
    "slots": (slots, 2),
    "makespan": (makespan, 2),
    "stall": (stall, 2),
    "jobs-per-second": (jobs_per_second, 2),
    "times-as-fast": (times_as_fast_check, 3),
    "times-the-memory": (times_the_memory, 3),
    "fastest": (fastest, 1),
    "faster": (faster, 3),
}


def find(check: str) -> tuple[Check, list[str]]:
    """Find the function of a check, and the names that it is given.

    Raises:
        UnreadableError: there is no such check, or its names are none.
    """
    kind, *names = check.split() or [""]
    if kind not in CHECKS:
        raise UnreadableError(f"no check is called {kind!r}; there are: {', '.join(CHECKS)}")
    function, count = CHECKS[kind]
    if len(names) != count and (function is not fastest or len(names) < count):
        raise UnreadableError(f"{kind!r} is followed by {counted(count, 'name')}, not {len(names)}")
    for name in names[1:]:
        try:
            Selector.parse(name)
        except ValueError as error:
            raise UnreadableError(str(error)) from None
    return function, names
