"""Whether it was the sender that bound a run, and not the pool: read from the times of the run's jobs."""

from __future__ import annotations

import numpy as np

from producer.results import Run

#: The sender bound a run if it was sending for more than this share of the makespan...
SENDING = 0.5
#: ... and more than this share of the jobs found a slot free when they were sent: fewer than slots under way.
FOUND_FREE = 0.5


def sending_share(run: Run) -> float:
    """Return the share of the makespan that had passed when the last job was sent."""
    times = run.times
    return float(times.enqueued_s.max(initial=0.0)) / (times.makespan_s or 1.0)


def found_free_share(run: Run) -> float:
    """Return the share of the jobs that found a slot free when they were sent."""
    times = run.times
    if not len(times.enqueued_s):
        return 0.0
    done = np.searchsorted(np.sort(times.finished_s), times.enqueued_s, side="right")
    under_way = np.arange(len(times.enqueued_s)) - done
    return float(np.mean(under_way < run.slots))


def is_bound_by_sending(run: Run) -> bool:
    """Return whether the slots waited for jobs most of the time: then a faster pool would not be seen."""
    through_broker = run.contender.through_broker
    return through_broker and sending_share(run) > SENDING and found_free_share(run) > FOUND_FREE
