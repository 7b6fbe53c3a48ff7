"""The numbers behind each chart with a row for each contender; the timeline has a module of its own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from producer.results.times import Seconds
from producer.show.charts.entries import Entry
from producer.stats.ratios import Ratio, paired
from producer.stats.summary import Percentiles

#: Steps into which latencies are sorted, each wider than the one before by the same factor.
LATENCY_STEPS = 60
#: Pieces into which a run is cut, to see its pace.
PACE_STEPS = 40
#: Shortest latency that a logarithmic axis shows, in seconds.
SHORTEST_S = 1e-6


@dataclass(frozen=True, slots=True)
class Bar:
    """A makespan with its interval, and the limit that nothing can beat; in seconds."""

    entry: Entry
    #: The median.
    value_s: float
    shortest_s: float
    longest_s: float
    #: The geometric mean with its 95% interval, which there is from five runs on.
    mean_s: Ratio
    limit_s: float

    @property
    def ends_s(self) -> tuple[float, float]:
        """Of the interval; from fewer than five runs the shortest and the longest."""
        if self.mean_s.low is None or self.mean_s.high is None:
            return self.shortest_s, self.longest_s
        return self.mean_s.low, self.mean_s.high


@dataclass(frozen=True, slots=True)
class Spread:
    """How the latencies of a contender's jobs are spread."""

    entry: Entry
    #: For each step, the share of the jobs that fell into it.
    shares: tuple[float, ...]
    latency_ms: Percentiles


@dataclass(frozen=True, slots=True)
class Spreads:
    """The latencies of all contenders over the same steps."""

    #: The ends of the steps, one more than there are steps; in seconds.
    edges_s: tuple[float, ...]
    rows: tuple[Spread, ...]


@dataclass(frozen=True, slots=True)
class Split:
    """What the mean latency of a contender's jobs consists of, in seconds."""

    entry: Entry
    wait_s: float
    service_s: float
    #: What the same jobs take on average with nothing around them.
    alone_s: float

    @property
    def wait_share(self) -> float:
        """The part of the latency that was waiting in the queue."""
        total = self.wait_s + self.service_s
        return self.wait_s / total if total else 0.0

    @property
    def stretch(self) -> float:
        """Service time / time alone."""
        return self.service_s / self.alone_s if self.alone_s else 1.0


@dataclass(frozen=True, slots=True)
class Pace:
    """When in its typical run a contender finished its jobs."""

    entry: Entry
    makespan_s: float
    #: Jobs finished in each piece of the run.
    finished: tuple[int, ...]

    @property
    def rates(self) -> tuple[float, ...]:
        """Jobs per second in each piece."""
        piece_s = self.makespan_s / len(self.finished)
        return tuple(number / piece_s for number in self.finished)

    @property
    def busiest_tenth(self) -> float:
        """The share of the jobs that the busiest tenth of the run finished; 0.1 is an even pace."""
        tenths = np.add.reduceat(self.finished, range(0, len(self.finished), len(self.finished) // 10))
        return float(tenths.max() / max(sum(self.finished), 1))


@dataclass(frozen=True, slots=True)
class Cost:
    """What a contender's speed costs. None where nobody could see."""

    entry: Entry
    jobs_per_s: float
    memory_bytes: int | None
    cpu_per_job_s: float | None


def bars(entries: Sequence[Entry]) -> list[Bar]:
    """Makespans, of those with a valid run."""
    found = []
    for entry in entries:
        row, made = entry.summary, entry.makespans_s
        mean = paired(made, dict.fromkeys(made, 1.0))
        if row.makespan_s is not None and row.limit_s is not None and mean is not None:
            ends = min(made.values()), max(made.values())
            found.append(Bar(entry, row.makespan_s, *ends, mean, row.limit_s))
    return found


def spreads(entries: Sequence[Entry]) -> Spreads | None:
    """Latencies of all valid runs; None where there is none."""
    valid = [(entry, entry.summary.latency_ms) for entry in entries]
    rows = [(entry, found) for entry, found in valid if found is not None]
    if not rows:
        return None
    latencies = [np.maximum(entry.all_times.latency_s, SHORTEST_S) for entry, _ in rows]
    low, high = min(one.min() for one in latencies), max(one.max() for one in latencies)
    edges = np.geomspace(low * 0.9, high * 1.1, LATENCY_STEPS + 1)
    return Spreads(
        tuple(map(float, edges)),
        tuple(
            Spread(entry, _shares(latency, edges), found)
            for (entry, found), latency in zip(rows, latencies, strict=True)
        ),
    )


def splits(entries: Sequence[Entry]) -> list[Split]:
    """Mean wait and mean service: unlike medians they add up to the mean latency."""
    return [
        Split(
            entry,
            float(entry.all_times.wait_s.mean()),
            float(entry.all_times.service_s.mean()),
            float(entry.alone_s[entry.all_times.index].mean()),
        )
        for entry in entries
        if entry.valid
    ]


def paces(entries: Sequence[Entry]) -> list[Pace]:
    """When the jobs of each typical run finished."""
    found = []
    for entry in entries:
        finished = entry.typical.times.finished_s
        if entry.valid and len(finished) and finished.max() > 0:
            makespan = float(finished.max())
            counts, _ = np.histogram(finished, PACE_STEPS, (0.0, makespan))
            found.append(Pace(entry, makespan, tuple(map(int, counts))))
    return found


def costs(entries: Sequence[Entry]) -> list[Cost]:
    """Speed, memory and CPU time of those with a valid run."""
    return [
        Cost(
            entry,
            row.throughput,
            row.peak_memory_bytes,
            # A run so short that no tick of the system's clock fell into it says nothing of its CPU time.
            row.cpu_s / entry.typical.jobs if row.cpu_s else None,
        )
        for entry in entries
        if (row := entry.summary).throughput is not None
    ]


def _shares(latencies: Seconds, edges: Seconds) -> tuple[float, ...]:
    counts, _ = np.histogram(latencies, edges)
    return tuple(float(count) for count in counts / len(latencies))
