"""What is counted, and shown in a connection's `info`."""

from __future__ import annotations

import pickle
import threading
from typing import Any

from kombu import Connection

from celery_reliable_redis.counters import Counters
from transport_lab import RELIABLE


class Interrupted(dict[str, int]):
    """Has a signal come in the middle of a count, whose handler counts as well."""

    def __setitem__(self, name: str, number: int) -> None:
        super().__setitem__(name, number)
        if number == 1:
            counters.add(name)


counters = Counters()


def test_a_signal_in_the_middle_of_a_count_may_count_as_well() -> None:
    counters._numbers = Interrupted(counters._numbers)
    thread = threading.Thread(target=counters.add, args=("taken",), daemon=True)
    thread.start()
    thread.join(10)
    assert not thread.is_alive()
    assert counters.show([])["taken"] == 2


def test_a_connection_that_shows_counters_is_pickled_as_any() -> None:
    with Connection("redis://127.0.0.1:1/5", transport=RELIABLE) as connection:
        assert connection.transport is not None
        info: dict[str, Any] = connection.info()
        copied = pickle.loads(pickle.dumps(connection))
    assert info.pop("reliable")["taken"] >= 0
    assert copied.info() == info
