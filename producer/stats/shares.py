"""Where the time of a run went: what its slots did with it, in parts that add up to the makespan.

At every moment from the first enqueue to the last finish a slot either has a job or is free. One that has a
job does it (for as long as the job takes alone) or is held up at it (the rest of its service time). Where
one thread does the jobs of all slots, a free slot is held up while that thread computes another's. Else one
that is free waits for the job that is nearest to it: one that a worker has received and not started, else
one that was sent and nobody has received, else the next that the sender has not sent; where all have been
started, none is left. Divided by the number of slots these times add up to the makespan, and what took the
most of it bound the contender.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from producer.results import Run
from producer.results.times import SecondsColumn, Times


class Part(StrEnum):
    """All that a slot can do, from the first enqueue to the last finish."""

    JOB = "the job itself"
    STRETCHED = "held up"
    SENDING = "no job sent yet"
    QUEUE = "jobs in the queue"
    HANDING = "jobs received, not started"
    LEFT = "no job left"


#: What can bind a contender, each with its parts. Whether jobs that nobody starts lie in the queue or at a
#: worker only says how far workers fetch ahead: these two are one.
BOUNDS = ((Part.JOB,), (Part.STRETCHED,), (Part.SENDING,), (Part.QUEUE, Part.HANDING), (Part.LEFT,))
#: Moments that are looked at together: a run may have millions.
PIECE = 100_000
#: The parts in which a slot is free, the nearest job first.
FREE = (Part.HANDING, Part.QUEUE, Part.SENDING, Part.LEFT)


@dataclass(frozen=True, slots=True)
class Shares:
    """How many seconds of a run an average slot spent on each; together they are the makespan."""

    seconds: Mapping[Part, float]
    slots: int

    @property
    def makespan_s(self) -> float:
        """The sum of them all."""
        return sum(self.seconds.values())

    @property
    def bound(self) -> tuple[Part, ...]:
        """What most of the slots' time went into, of `BOUNDS`; of equals the first."""
        return max(BOUNDS, key=self.share)

    @property
    def largest(self) -> Part:
        """The largest part of the bound."""
        return max(self.bound, key=lambda part: self.seconds[part])

    def share(self, parts: Iterable[Part]) -> float:
        """The share of the makespan that these parts take together."""
        return sum(self.seconds[part] for part in parts) / (self.makespan_s or 1.0)


def typical_of(valid: Sequence[Run]) -> Run:
    """Choose the run that stands for the others: that of the median makespan, of two the shorter."""
    return sorted(valid, key=lambda run: run.makespan_s)[(len(valid) - 1) // 2]


def divide(run: Run, alone_s: SecondsColumn, threads: int | None = None) -> Shares:
    """Divide the makespan of a run; without a record all parts are 0.

    `alone_s` has the seconds of each job with nothing around it, by its index. `threads` is how many threads
    do the jobs, where these compute and the slots have no threads of their own (event loops, greenlets).
    """
    times = run.times
    free_s, held_s = _free_s(times, run.slots, threads)
    busy_s = times.makespan_s - sum(free_s.values()) - held_s
    service_s = float(times.service_s.sum())
    alone = float(np.minimum(times.service_s, alone_s[times.index]).sum())
    # Where more jobs were open than there are slots, they share them.
    job_s = busy_s * (alone / service_s if service_s else 1.0)
    return Shares({Part.JOB: job_s, Part.STRETCHED: busy_s - job_s + held_s, **free_s}, run.slots)


def _free_s(times: Times, slots: int, threads: int | None) -> tuple[dict[Part, float], float]:
    """Follow all that happened, and add up for what the free slots waited, in seconds of an average slot.

    Apart from these, for how long they had to wait because every thread was at a job.
    """
    jobs = len(times.index)
    moments = np.concatenate([times.enqueued_s, times.received_s, times.started_s, times.finished_s])
    order = np.argsort(moments, kind="stable")
    moments, steps = moments[order], np.repeat(np.arange(4, dtype=np.int8), jobs)[order]
    spent, came, before_s = dict.fromkeys(FREE, 0.0), np.zeros(4, dtype=np.int64), 0.0
    held_s = 0.0
    for begin in range(0, len(moments), PIECE):
        piece, of = moments[begin : begin + PIECE], steps[begin : begin + PIECE]
        lengths_s = np.diff(piece, prepend=before_s)
        # How many jobs had been sent, received, started and finished before each moment.
        happened = np.equal.outer(np.arange(4), of)
        sent, received, started, finished = came[:, None] + happened.cumsum(axis=1) - happened
        free = np.clip(slots - (started - finished), 0, slots)
        held = lengths_s * (started - finished >= threads) if threads else np.zeros(1)
        for part, nearest in zip(FREE, (received - started, sent - received, jobs - sent, free), strict=True):
            waiting = np.clip(nearest, 0, free)
            waited_s, of_it_held_s = float((waiting * lengths_s).sum()), float((waiting * held).sum())
            if part not in (Part.HANDING, Part.QUEUE):  # a job that is not there holds nobody up
                of_it_held_s = 0.0
            spent[part] += (waited_s - of_it_held_s) / slots
            held_s += of_it_held_s / slots
            free = free - waiting
        came, before_s = came + happened.sum(axis=1), float(piece[-1])
    return spent, held_s
