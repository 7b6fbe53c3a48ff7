"""What a record says of the clocks it was written by."""

from __future__ import annotations

import time
from typing import Any, cast

import msgspec
from redis import Redis

from worker.records import JobRecord, SentRecord
from worker.writer import BrokerClock

RECORD = JobRecord(0, "here/1", 0, 0, 0, 0, {}, None)


class Server:
    """Tells the time; before its first answer, another slot of the same process stamps a record."""

    def __init__(self) -> None:
        self.clock = BrokerClock(cast(Redis, self))
        self.asked = 0
        self.meanwhile: SentRecord | None = None

    def time(self) -> tuple[int, int]:
        self.asked += 1
        if self.asked == 1:
            self.meanwhile = sent_record(self.clock.stamp(RECORD))
        return int(time.time()), 0


def sent_record(entry: dict[Any, Any]) -> SentRecord:
    return msgspec.json.decode(entry["record"], type=SentRecord)


def test_no_record_is_stamped_before_the_broker_has_told_its_time() -> None:
    server = Server()
    first = sent_record(server.clock.stamp(RECORD))
    assert server.meanwhile is not None
    assert abs(server.meanwhile.broker_offset_ns - first.broker_offset_ns) < 60 * 10**9
    assert first.broker_offset_ns != 0


def test_the_broker_is_not_asked_for_each_record() -> None:
    server = Server()
    stamps = {sent_record(server.clock.stamp(RECORD)).broker_offset_ns for _ in range(100)}
    assert (server.asked, len(stamps)) == (2, 1)
