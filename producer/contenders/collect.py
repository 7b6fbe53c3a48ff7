"""Reads the records of a run as workers write them, and accounts for every job."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import Any

import msgspec
import redis

from producer.contenders.ledger import Ledger
from producer.system.reaper import Reaper
from producer.system.traces import Traces
from worker.records import SentRecord, boot_id, broker_offset_ns, run_stream

#: Records read in one round trip.
COUNT = 1000
#: Bytes of one record: the verdicts on as many files as a job may name, all of the longest, fit in.
MAX_RECORD_BYTES = 16 * 1024 * 1024
#: The entry that opens a run's stream. Those of its records are greater, be they moments or numbers from 1.
FIRST = b"0-1"
#: How long a run's stream outlives a lab that could not delete it, in seconds.
STREAM_TTL_S = 24 * 3600


class Collector(Ledger):
    """Collects the records of one run from a broker.

    Use it as a context manager: the run's stream exists, and takes records, only while it is open.
    """

    def __init__(
        self, client: redis.Redis, jobs: int, reaper: Reaper | None = None, run: str | None = None
    ) -> None:
        """`reaper` removes the stream where we no longer can."""
        super().__init__(jobs)
        #: The name of the run in its messages.
        self.run = run or uuid.uuid4().hex[:12]
        self.clocks_corrected = False
        self._decode = msgspec.json.Decoder(SentRecord).decode
        self._client = client
        self._reaper = reaper
        #: The key of its records, and the last of them that was read.
        self.stream = run_stream(self.run)
        self.position: bytes | str = FIRST

    def __enter__(self) -> Collector:
        if self._reaper:
            self._reaper.add_traces(Traces(key=self.stream))
        try:
            # Records are only taken by a stream that is there already: see RecordWriter.write.
            self._client.xadd(self.stream, {"jobs": self.jobs}, id=FIRST)
            self._client.expire(self.stream, STREAM_TTL_S)
            self._offset_ns = broker_offset_ns(self._client)
        except BaseException:  # an interrupt, too
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        traces = Traces(key=self.stream)
        traces.remove(self._client)
        if self._reaper:
            self._reaper.drop_traces(traces)

    def read(self, block_ms: int | None) -> int:
        """Take the records that are there; wait up to `block_ms` for the first (None: do not wait).

        Returns how many entries were read; it may be that none of them is a record.

        Raises:
            redis.RedisError: the broker went away.
        """
        reply: Any = self._client.xread({self.stream: self.position}, count=COUNT, block=block_ms)
        if not reply:
            return 0
        [(_, entries)] = reply
        self.take_entries(entries)
        return len(entries)

    def take_entries(self, entries: Sequence[Any]) -> None:
        """Account for entries of the stream, one or more, as redis-py reads them."""
        self.position = entries[-1][0]
        for _, fields in entries:
            self.take_json(fields.get(b"record", b""))

    def take_json(self, data: bytes) -> None:
        """Account for what should be a record, as JSON."""
        if len(data) > MAX_RECORD_BYTES:
            self.refuse(f"it has {len(data):,} bytes")
            return
        try:
            sent = self._decode(data)
        except (msgspec.MsgspecError, ValueError, RecursionError) as error:
            self.refuse(str(error))
            return
        if sent.boot_id == boot_id():
            self.take(sent.record)
        else:
            self.clocks_corrected = True
            self.take(sent.record, sent.broker_offset_ns - self._offset_ns)
