"""Sends Celery's messages in one of several ways, or 400 bytes a message as fast as redis-py can."""

from __future__ import annotations

import sys
from importlib.metadata import version

import redis
from sender import FEN, TOGETHER, chunks, message, serve

from celery_reliable_redis import send_many
from producer.contenders.celery_workers.send import producer_app, publish
from worker.jobs import ChessMove

way, url = sys.argv[1:]
client = redis.Redis.from_url(url)
app = producer_app(url)


def send_raw(count: int) -> None:
    for numbers in chunks(count):
        with client.pipeline(transaction=False) as pipe:
            for _ in numbers:
                pipe.lpush("raw", b"x" * 400)
            pipe.execute()


def send_by_send_many(count: int) -> None:
    send_many("job", (((), message(number)) for number in range(count)), app=app, ignore_result=True)


def send_unshown(count: int) -> None:
    jobs = (((), message(number)) for number in range(count))
    send_many("job", jobs, app=app, ignore_result=True, argsrepr="", kwargsrepr="")


def send_in_the_lab(count: int) -> None:
    for _ in publish(app, [ChessMove(FEN, wait_ms=17.3, seed=3141592653)] * count, "lab", "0123456789ab"):
        pass


def send_in_a_loop(count: int) -> None:
    for number in range(count):
        app.send_task("job", kwargs=message(number), ignore_result=True)


def send_by_batch(count: int) -> None:
    with app.producer_pool.acquire(block=True) as producer, producer.batch(max_size=TOGETHER):
        for number in range(count):
            app.send_task("job", kwargs=message(number), ignore_result=True, producer=producer)


WAYS = {
    "raw": send_raw,
    "send_many": send_by_send_many,
    "send_many, unshown": send_unshown,
    "lab": send_in_the_lab,
    "loop": send_in_a_loop,
    "batch": send_by_batch,
}
serve(WAYS[way], ", ".join(f"{name} {version(name)}" for name in ("celery", "kombu", "redis", "hiredis")))
