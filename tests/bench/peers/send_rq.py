"""Sends with rq: `enqueue_many`, a pipeline for each 500."""

import sys

import redis
import rq
from sender import chunks, message, serve

client = redis.Redis.from_url(sys.argv[1])
queue = rq.Queue("rq", connection=client)


def send(count: int) -> None:
    for numbers in chunks(count):
        with client.pipeline(transaction=False) as pipe:
            jobs = [rq.Queue.prepare_data("somewhere.job", kwargs=message(number)) for number in numbers]
            queue.enqueue_many(jobs, pipeline=pipe)
            pipe.execute()


serve(send, f"rq {rq.__version__}, redis {redis.__version__}")
