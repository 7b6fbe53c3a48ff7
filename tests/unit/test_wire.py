"""What a record's writer makes of a broker that has the record already."""

from __future__ import annotations

from typing import Any

import pytest
import redis

from worker.records import JobRecord
from worker.wire import SEEN, Pending, Wire


class Connection:
    """A connection to a broker that has the record, and is lost as often as is said when it is sent."""

    def __init__(self, losses: int) -> None:
        self.losses = losses

    def pack_command(self, *_: object) -> list[bytes]:
        return [b""]

    def send_packed_command(self, _: object) -> None:
        if self.losses:
            self.losses -= 1
            raise redis.ConnectionError("reset by peer")

    def read_response(self) -> None:
        raise redis.ResponseError(f"The ID specified in XADD is {SEEN}")


class Clock:
    """The broker's, which is this process's."""

    def offset_ns(self) -> int:
        return 0


@pytest.mark.parametrize(("losses", "written"), [(0, False), (1, True)])
def test_an_entry_that_may_be_our_own_counts_as_written(losses: int, written: bool) -> None:
    wire: Any = Wire("redis://127.0.0.1:1/0")
    connection = Connection(losses)
    wire._clock = Clock()
    wire._connect = lambda: connection
    pending = Pending("run", JobRecord(0, "here/1", 0, 0, 0, 0, {}, None), "1-0")
    wire.commit([pending])
    assert (pending.is_settled, pending.error, pending.is_written) == (True, None, written)
