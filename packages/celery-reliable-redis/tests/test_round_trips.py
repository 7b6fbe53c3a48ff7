"""How often the server is asked, by its own count: no clock."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from transport_consuming import consuming, numbers, publish, receive
from transport_lab import Lab

JOBS = 20


def commands(lab: Lab) -> Counter[str]:
    """How often each command has been executed since the server was started."""
    stats: Any = lab.broker_client.info("commandstats")
    return Counter({name.removeprefix("cmdstat_"): count["calls"] for name, count in stats.items()})


@pytest.mark.parametrize("queues", [("celery",), ("celery", "other")])
def test_a_consumer_asks_once_for_each_job_that_finds_it_idle(anywhere: Lab, queues: tuple[str, ...]) -> None:
    lab = anywhere
    with consuming(lab, *queues) as (connection, got):
        for number in range(JOBS + 2):
            if number == 2:  # it knows by now where to wait
                before = commands(lab)
            publish(lab, range(number, number + 1))
            receive(connection, got, number + 1)[number].ack()
        asked = commands(lab) - before
    assert numbers(got) == [*range(JOBS + 2)]
    # What puts a message into its list, and removes it, is no news that would end the waiting.
    assert not any("unblock" in name or name == "client" for name in asked), asked
    assert asked["blmove"] == JOBS
    assert asked["lrem"] <= JOBS


def test_what_comes_by_another_queue_ends_the_waiting(anywhere: Lab) -> None:
    lab = anywhere
    with consuming(lab, "celery", "other") as (connection, got):
        for number in range(JOBS):
            publish(lab, range(number, number + 1), ("celery", "other")[number // 2 % 2], priority=number % 5)
            receive(connection, got, number + 1)[number].ack()
    assert numbers(got) == [*range(JOBS)]
