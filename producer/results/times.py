"""When the jobs of a run were enqueued, received, started and finished: its columns, decoded."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from producer.results.records import UNKNOWN, Records

SecondsColumn: TypeAlias = npt.NDArray[np.float64]
Places: TypeAlias = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Times:
    """The jobs of a run in the order of enqueuing; in seconds since the first was enqueued."""

    index: Places
    #: Position in `Run.workers`.
    worker: Places
    enqueued_s: SecondsColumn
    received_s: SecondsColumn
    started_s: SecondsColumn
    finished_s: SecondsColumn
    #: CPU time of the thread that did the job while it did it, NaN where that is not known; None where it is
    #: known of no job.
    cpu_s: SecondsColumn | None = None

    @property
    def wait_s(self) -> SecondsColumn:
        """Enqueued to started, per job."""
        return self.started_s - self.enqueued_s

    @property
    def service_s(self) -> SecondsColumn:
        """Started to finished, per job."""
        return self.finished_s - self.started_s

    @property
    def latency_s(self) -> SecondsColumn:
        """Enqueued to finished, per job."""
        return self.finished_s - self.enqueued_s

    @property
    def ran_share(self) -> float | None:
        """The share of all service time in which the jobs ran; None where it is not known of each."""
        took_s = float(self.service_s.sum())
        if self.cpu_s is None or not took_s or np.isnan(self.cpu_s).any():
            return None
        return float(np.minimum(self.cpu_s, self.service_s).sum()) / took_s

    @property
    def makespan_s(self) -> float:
        """First enqueue to last finish; 0 where there is no job."""
        return float(self.finished_s.max(initial=0.0))


def decode_times(records: Records) -> Times:
    """Decode the times of a run's jobs."""
    at_us = np.cumsum(_whole(records.enqueued_us))  # one column for all: a run may have a million jobs
    enqueued_s = at_us / 1e6
    at_us += _whole(records.received_us)
    received_s = at_us / 1e6
    at_us += _whole(records.started_us)
    started_s = at_us / 1e6
    at_us += _whole(records.finished_us)
    times = (enqueued_s, received_s, started_s, at_us / 1e6)
    return Times(_whole(records.index), _whole(records.worker), *times, _decode_cpu(records))


def join_times(parts: Sequence[Times]) -> Times:
    """Join the jobs of several runs, one after the other."""
    if not parts:
        none, nothing = np.array([], dtype=np.int64), np.array([], dtype=np.float64)
        return Times(none, none, nothing, nothing, nothing, nothing)
    if len(parts) == 1:
        return parts[0]
    return Times(
        np.concatenate([part.index for part in parts]),
        np.concatenate([part.worker for part in parts]),
        np.concatenate([part.enqueued_s for part in parts]),
        np.concatenate([part.received_s for part in parts]),
        np.concatenate([part.started_s for part in parts]),
        np.concatenate([part.finished_s for part in parts]),
        _join_cpu(parts),
    )


def _decode_cpu(records: Records) -> SecondsColumn | None:
    if not records.cpu_us:
        return None
    cpu_us = _whole(records.cpu_us)
    return np.where(cpu_us == UNKNOWN, np.nan, cpu_us / 1e6)


def _join_cpu(parts: Sequence[Times]) -> SecondsColumn | None:
    if all(part.cpu_s is None for part in parts):
        return None
    unknown = (np.full(len(part.index), np.nan) for part in parts)
    return np.concatenate(
        [none if part.cpu_s is None else part.cpu_s for part, none in zip(parts, unknown, strict=True)]
    )


def _whole(column: Sequence[int]) -> Places:
    return np.array(column, dtype=np.int64)
