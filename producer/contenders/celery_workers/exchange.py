"""Has the workers that consume a pool's own queue do jobs, whoever started them."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Sequence

from celery import Celery

from producer.contenders.celery_workers.replies import Stats, ask
from producer.contenders.celery_workers.send import producer_app, publisher
from producer.contenders.celery_workers.waiting import Waiting
from producer.contenders.exchange import patience_s, run_over_broker
from producer.contenders.protocol import Outcome, Progress
from producer.system.broker import check
from producer.system.client import connect
from producer.system.traces import Traces
from worker.address import parse
from worker.jobs import Job
from worker.pools import pool

#: How long workers may take to say what they are, in seconds.
STATS_S = 10.0


def send_to_pool(
    broker_url: str, pool_name: str, jobs: Sequence[Job], progress: Progress, tell: Callable[[str], None]
) -> Outcome:
    """Have the jobs done by the workers that consume the pool's own queue, whoever started them.

    Where there are none yet they are waited for; `tell` is given a line about that.

    Raises:
        UnknownNameError: no pool has that name.
        BrokerUnavailableError: nothing answers at the broker's address, or it refuses us.
    """
    row = pool(pool_name)
    broker_url = parse(broker_url).url
    check(broker_url)
    app = producer_app(broker_url)
    waiting = Waiting(app, row, tell, patience_s(jobs))
    try:
        return run_over_broker(
            publisher(app, row.queue), broker_url, jobs, progress, death=lambda: None, patient=waiting
        )
    finally:
        with contextlib.closing(connect(broker_url)) as client:
            Traces(asker=app.control.mailbox.asker).remove(client)


def event_loop(app: Celery, pool_name: str, nodes: Sequence[str]) -> str | None:
    """Ask workers for the class of their event loop; None where they have none.

    Raises:
        ContenderError: the broker went away.
    """
    if pool(pool_name).slot != "coroutine":
        return None
    replies = ask(app, "stats", Stats, STATS_S, nodes)
    return (
        ", ".join(sorted({reply.pool.loop for reply in replies.answers.values() if reply.pool.loop})) or None
    )
