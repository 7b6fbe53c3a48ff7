"""What a record says of the clocks it was written by."""

from __future__ import annotations

import time
from typing import Any, cast

import msgspec
from redis import Redis

from worker.records import JobRecord, Wired
from worker.writer import BrokerClock

RECORD = JobRecord(0, "here/1", 0, 0, 0, 0, {}, None)


class Server:
    """Tells the time; before its first answer, another slot of the same process stamps a record."""

    def __init__(self) -> None:
        self.clock = BrokerClock(cast(Redis, self))
        self.asked = 0
        self.meanwhile: Wired | None = None

    def time(self) -> tuple[int, int]:
        self.asked += 1
        if self.asked == 1:
            self.meanwhile = wired(self.clock.stamped(RECORD))
        return int(time.time()), 0


def wired(entry: dict[Any, Any]) -> Wired:
    return msgspec.json.decode(entry["record"], type=Wired)


def test_no_record_is_stamped_before_the_broker_has_told_its_time() -> None:
    server = Server()
    first = wired(server.clock.stamped(RECORD))
    assert server.meanwhile is not None
    assert abs(server.meanwhile.broker_offset_ns - first.broker_offset_ns) < 60 * 10**9
    assert first.broker_offset_ns != 0


def test_the_broker_is_not_asked_for_each_record() -> None:
    server = Server()
    stamps = {wired(server.clock.stamped(RECORD)).broker_offset_ns for _ in range(100)}
    assert (server.asked, len(stamps)) == (2, 1)
