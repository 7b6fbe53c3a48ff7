"""The slots in which jobs ran, found again from their times. Pure functions.

A record says which process did a job, not in which slot. Slots are found again by packing: within a
process a job goes into the first lane that is free when it starts. Many jobs are thinned by making one
block of neighbours in a lane, which says how many they are and how much of it they were busy.
"""

from __future__ import annotations

import heapq
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from producer.results.times import SecondsColumn, Times


@dataclass(frozen=True, slots=True)
class Block:
    """One job, or neighbours in one lane; times in seconds since the first job was enqueued."""

    lane: int
    start_s: float
    end_s: float
    #: The number of jobs in it, and the index of the first.
    jobs: int
    index: int
    #: Mean wait and mean service of its jobs, and what they take alone.
    wait_s: float
    service_s: float
    alone_s: float
    #: Mean CPU time of its jobs; None where it is not known of each.
    cpu_s: float | None = None


def count_most_at_once(started_s: SecondsColumn, finished_s: SecondsColumn) -> int:
    """Count the most jobs open at the same time; one that ends as another starts makes room for it."""
    moments = np.concatenate([finished_s, started_s])
    steps = np.concatenate([np.full(len(finished_s), -1), np.full(len(started_s), 1)])
    # Stable: of equal moments the ends come first, as they do above. A job of no length is still one.
    order = np.argsort(moments, kind="stable")
    return max(int(np.cumsum(steps[order]).max()), 1)


def assign_lanes(times: Times) -> tuple[list[int], list[int]]:
    """Return the lane of each job, and the process of each lane; the lanes of a process lie together."""
    lane_of = [0] * len(times.index)
    lanes: list[int] = []
    for worker in np.unique(times.worker):
        places = np.flatnonzero(times.worker == worker)
        places = places[np.argsort(times.started_s[places], kind="stable")]
        packed = pack(times.started_s[places].tolist(), times.finished_s[places].tolist())
        for place, lane in zip(places.tolist(), packed, strict=True):
            lane_of[place] = len(lanes) + lane
        lanes += [int(worker)] * (max(packed) + 1)
    return lane_of, lanes


def pack(starts: Sequence[float], ends: Sequence[float]) -> list[int]:
    """Give each interval the lowest free lane; they come in the order of their starts."""
    free: list[int] = []
    busy: list[tuple[float, int]] = []
    lanes = []
    for start, end in zip(starts, ends, strict=True):
        while busy and busy[0][0] <= start:
            heapq.heappush(free, heapq.heappop(busy)[1])
        lane = heapq.heappop(free) if free else len(busy)
        heapq.heappush(busy, (end, lane))
        lanes.append(lane)
    return lanes


def cut_into_blocks(
    times: Times, lane_of: Sequence[int], alone_s: SecondsColumn, per_block: int
) -> Iterator[Block]:
    """Make a block of each job, or of up to `per_block` neighbours in a lane."""
    order = np.lexsort((times.started_s, np.array(lane_of))).tolist()
    starts, ends, waits = times.started_s.tolist(), times.finished_s.tolist(), times.wait_s.tolist()
    indexes, alone = times.index.tolist(), alone_s.tolist()
    cpu = None if times.cpu_s is None else times.cpu_s.tolist()
    begin = 0
    while begin < len(order):
        lane = lane_of[order[begin]]
        end = begin + 1
        while end < len(order) and end - begin < per_block and lane_of[order[end]] == lane:
            end += 1
        part = order[begin:end]
        yield Block(
            lane=lane,
            start_s=starts[part[0]],
            end_s=ends[part[-1]],
            jobs=len(part),
            index=indexes[part[0]],
            wait_s=sum(waits[place] for place in part) / len(part),
            service_s=sum(ends[place] - starts[place] for place in part) / len(part),
            alone_s=sum(alone[place] for place in part) / len(part),
            cpu_s=cpu and _mean([cpu[place] for place in part]),
        )
        begin = end


def _mean(values: Sequence[float]) -> float | None:
    mean = sum(values) / len(values)
    return None if math.isnan(mean) else mean
