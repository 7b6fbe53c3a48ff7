"""From which job size on Celery is as fast as serial, where results differ in files per job (--chunk)."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from producer.show.charts.claims import measure_ratio
from producer.show.charts.entries import Field
from producer.show.teaching.kinds import mean_alone_s
from producer.stats.ratios import Ratio
from producer.words import counted, digits, seconds


@dataclass(frozen=True, slots=True)
class Size:
    """One size of job, and how fast Celery was beside serial."""

    #: Files in a job, and what such a job takes alone, in seconds.
    chunk: int
    alone_s: float
    #: The makespan of serial / that of each way through Celery.
    speeds: dict[str, Ratio]


@dataclass(frozen=True, slots=True)
class JobSizes:
    """The sizes in rising order, the ways that were measured at each, and a sentence for each way."""

    sizes: tuple[Size, ...]
    ways: tuple[str, ...]
    sentences: tuple[str, ...]


def compare_sizes(fields: Sequence[Field]) -> JobSizes | None:
    """Compare the sizes of one workload's jobs; None where there is one size, or nothing to compare."""
    by_chunk = {field.workload.chunk: _size(field) for field in fields}
    sizes = tuple(by_chunk[chunk] for chunk in sorted(by_chunk))
    ways = tuple(way for way in sizes[0].speeds if all(way in size.speeds for size in sizes)) if sizes else ()
    if len(sizes) < 2 or not ways:
        return None
    return JobSizes(sizes, ways, tuple(_sentence(way, sizes) for way in ways))


def _size(field: Field) -> Size:
    serial = field.best("serial")
    speeds: dict[str, Ratio] = {}
    for entry in field.entries:
        if serial and entry.name.is_celery and (ratio := measure_ratio(serial, entry)):
            speeds.setdefault(entry.name.way, ratio)  # the fastest of each way comes first
    return Size(field.workload.chunk, mean_alone_s(field), speeds)


def _sentence(way: str, sizes: Sequence[Size]) -> str:
    slower = [place for place, size in enumerate(sizes) if size.speeds[way].value < 1]
    caught = slower[-1] + 1 if slower else 0  # a size at which it was as fast counts with all larger ones
    if caught == len(sizes):
        last = sizes[-1]
        return (
            f"{way} has not caught serial with {counted(last.chunk, 'file')} in a job ({_job(last)}): there "
            f"it has {digits(last.speeds[way].value)} of its speed."
        )
    if caught == 0:
        return f"{way} is as fast as serial, or faster, from {counted(sizes[0].chunk, 'file')} in a job on."
    before, after = sizes[caught - 1], sizes[caught]
    alone_s = _between(before, after, way)
    return (
        f"{way} catches serial between {before.chunk:,} and {counted(after.chunk, 'file')} in a job, where a "
        f"job takes about {seconds(alone_s)} alone."
    )


def _between(before: Size, after: Size, way: str) -> float:
    """Where the line between the two points crosses equal speed; both axes are logarithmic."""
    low, high = math.log(before.speeds[way].value), math.log(after.speeds[way].value)
    part = -low / (high - low) if high > low else 1.0
    return math.exp((1 - part) * math.log(before.alone_s) + part * math.log(after.alone_s))


def _job(size: Size) -> str:
    return f"{seconds(size.alone_s)} alone"
