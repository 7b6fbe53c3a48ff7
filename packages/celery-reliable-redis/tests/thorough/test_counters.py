"""What a worker tells those who watch it."""

from __future__ import annotations

from typing import Any

from transport_lab import Lab, until


def stats_of(lab: Lab, name: str) -> dict[str, Any]:
    stats: Any = lab.app.control.inspect([name], timeout=30, limit=1).stats()
    counted: dict[str, Any] = stats[name]["broker"]["reliable"]
    return counted


def test_inspect_stats_shows_what_the_transport_has_done(lab: Lab) -> None:
    lab.options |= {"lease": 0.3, "delivery_limit": 1}
    lab.send("poison", range(1))
    victim = lab.worker("solo")
    until(lambda: victim.process.poll() is not None, "its end")
    worker = lab.worker("threads")
    lab.ready(worker)
    lab.send("work", range(1, 6))
    lab.all_done_but(0)
    lab.send("hold", range(10, 12))
    until(lambda: lab.noted("started")[11], "both have begun")
    until(lambda: lab.broker_client.llen("celery:dead"), "the other one is put aside")
    lab.answers(worker)
    stats = stats_of(lab, worker.name)
    oldest_s = stats.pop("oldest_reserved_s")
    assert stats == {"taken": 7, "acknowledged": 5, "rescued": 1, "dead_lettered": 1, "reserved": 2}
    assert oldest_s > 0
    lab.records.set("release", 1)
    lab.all_done()
    until(lambda: stats_of(lab, worker.name)["reserved"] == 0, "nothing in hand")
