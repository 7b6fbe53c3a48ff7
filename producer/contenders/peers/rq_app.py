"""rq on Redis: a function, its worker, and what sends to it."""

from __future__ import annotations

import importlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import rq
from redis import Redis

from producer.contenders.peers import PEERS
from producer.contenders.peers import job as work
from producer.contenders.peers.modules import Message, Send, broker_url, queue

_client = Redis.from_url(broker_url())
_queue = rq.Queue(queue(), connection=_client)


def do(run: str, index: int, enqueued_ns: int, job: Any) -> None:
    """Do a job, and record it."""
    work.do(run, index, enqueued_ns, job)


@contextmanager
def sender() -> Iterator[Send]:
    """Yield what sends many messages at a time (`enqueue_many`). No result is kept, and no job timed out."""

    def send(messages: Sequence[Message]) -> None:
        with _client.pipeline(transaction=False) as pipe:
            jobs = [
                rq.Queue.prepare_data(
                    do,
                    kwargs=dict(message),
                    job_id=f"{queue()}-{message['run']}-{message['index']}",
                    timeout=-1,
                    result_ttl=0,
                    retry=rq.Retry(max=3),
                )
                for message in messages
            ]
            _queue.enqueue_many(jobs, pipeline=pipe)
            pipe.execute()

    yield send


def main() -> None:
    """Work, in a process that forks for each job and has loaded before what a job needs."""
    # The module under its own name, not as the program that this is, and what reads a job.
    for module in (PEERS["rq"].package, "worker.shapes"):
        importlib.import_module(module)
    rq.Worker([_queue], connection=_client, name=queue()).work(logging_level="WARNING")


if __name__ == "__main__":
    main()
