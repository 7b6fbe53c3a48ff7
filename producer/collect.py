"""Reading the records of a run as workers write them, and accounting for every job."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import msgspec
import redis

from producer.keeper import Keeper
from producer.traces import Traces
from worker.records import JobRecord, Wired, boot_id, broker_offset_ns, decode, run_stream

#: Records read in one round trip.
COUNT = 1000
#: How long a run's stream outlives a lab that could not delete it, in seconds.
STREAM_TTL_S = 24 * 3600


class Collector:
    """The records of one run, the first of each job; later ones are counted as duplicates.

    Use it as a context manager: the run's stream exists, and takes records, only while it is open.
    """

    def __init__(self, client: redis.Redis, jobs: int, keeper: Keeper | None = None) -> None:
        """`keeper` removes the stream where we no longer can."""
        #: What messages of this run call it.
        self.run = uuid.uuid4().hex[:12]
        self.records: dict[int, JobRecord] = {}
        self.duplicates = 0
        self.clocks_corrected = False
        self._client = client
        self._keeper = keeper
        self._stream = run_stream(self.run)
        self._jobs = jobs
        self._last: bytes | str = b"0"

    def __enter__(self) -> Collector:
        if self._keeper:
            self._keeper.keep_traces(Traces(key=self._stream))
        try:
            # Records are only taken by a stream that is there already: see RecordWriter.write.
            self._last = self._client.xadd(self._stream, {"jobs": self._jobs})
            self._client.expire(self._stream, STREAM_TTL_S)
            self._offset_ns = broker_offset_ns(self._client)
        except BaseException:  # an interrupt, too
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        traces = Traces(key=self._stream)
        traces.remove(self._client)
        if self._keeper:
            self._keeper.forget_traces(traces)

    def read(self, block_ms: int | None) -> int:
        """Take the records that are there; wait up to `block_ms` for the first (None: do not wait).

        Returns how many entries were read.

        Raises:
            redis.RedisError: the broker went away.
        """
        reply: Any = self._client.xread({self._stream: self._last}, count=COUNT, block=block_ms)
        if not reply:
            return 0
        [(_, entries)] = reply
        self._last = entries[-1][0]
        self.take(wired for _, fields in entries if (wired := _decoded(fields)))
        return len(entries)

    def take(self, wired: Iterable[Wired]) -> None:
        """Account for records that have arrived."""
        for item in wired:
            record = self._on_our_clock(item)
            if record.index >= self._jobs:
                continue  # whoever can write to the broker can record jobs that nobody asked for
            if record.index in self.records:
                self.duplicates += 1
            else:
                self.records[record.index] = record

    def complete(self) -> bool:
        """Whether every job has a record."""
        return len(self.records) >= self._jobs

    def missing(self) -> list[int]:
        """The indexes of the jobs that have none."""
        return [index for index in range(self._jobs) if index not in self.records]

    def _on_our_clock(self, wired: Wired) -> JobRecord:
        if wired.boot_id == boot_id():
            return wired.record
        self.clocks_corrected = True
        shift = wired.broker_offset_ns - self._offset_ns
        record = wired.record
        return replace(
            record,
            received_ns=record.received_ns + shift,
            started_ns=record.started_ns + shift,
            finished_ns=record.finished_ns + shift,
        )


def _decoded(fields: dict[bytes, bytes]) -> Wired | None:
    # Whoever can write to the broker can write to a run's stream: what is no record is none.
    try:
        return decode(fields[b"record"])
    except (KeyError, msgspec.MsgspecError):
        return None
