"""Any app: what anybody sends ends no worker, makes none mute, and takes no memory to speak of."""

from __future__ import annotations

from pathlib import Path

import pytest

from transport_envelopes import packed
from transport_hostile import BOMB, compressed, hostile_broadcasts
from transport_lab import POOLS, RELIABLE, Server, peak_memory, wiped_laboratory

STOCK = "celery_reliable_redis.stock:Transport"
#: What a worker may use at the most, in bytes: some 80 MB are its own.
MOST_MEMORY = 400 * 1024 * 1024


@pytest.mark.parametrize("transport", [RELIABLE, STOCK], ids=["reliable", "stock"])
@pytest.mark.parametrize("pool", POOLS)
def test_a_worker_answers_and_works_whatever_was_sent(
    valkey: Server, tmp_path: Path, pool: str, transport: str
) -> None:
    with wiped_laboratory(valkey, tmp_path, transport=transport) as lab:
        # It greets others: so that it listens to their events, too.
        worker = lab.worker(pool, alone=False)
        lab.ready(worker)
        lab.answers(worker)
        for raw in hostile_broadcasts().values():
            lab.broker_client.publish("/3.celery.pidbox", raw)
        for raw in (b"7", b"[]", b"\xff", b"[" * 100_000, compressed(BOMB, "bzip2")):
            lab.broker_client.publish("/3.celeryev/worker.heartbeat", raw)
            lab.broker_client.lpush("celery", raw)
        lab.broker_client.lpush("celery", packed({}), packed({"compression": "rot13"}), b"x" * 20_000_000)
        lab.send("work", range(3))
        lab.all_done()
        lab.answers(worker)
        assert worker.process.poll() is None
        assert peak_memory(worker.process.pid) < MOST_MEMORY
        assert max(map(len, worker.log.read_text(errors="replace").splitlines())) < 10_000
