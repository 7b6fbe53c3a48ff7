"""A Celery app as another project might have it: nothing of simul but one setting. Records what it does."""

import json
import os
import signal
import time

import redis
from celery import Celery
from celery.exceptions import Reject
from kombu import Queue
from kombu.common import Broadcast

RECORDS = os.environ["FOREIGN_RECORDS"]

app = Celery("foreign", broker=os.environ["FOREIGN_BROKER"])
app.conf.update(
    broker_transport=os.environ.get("FOREIGN_TRANSPORT") or None,
    broker_transport_options=json.loads(os.environ.get("FOREIGN_OPTIONS", "{}")),
    broker_connection_retry_on_startup=True,
    broker_connection_max_retries=None,
    task_ignore_result=True,
    task_acks_late=os.environ.get("FOREIGN_ACKS", "late") == "late",
    worker_prefetch_multiplier=4,
    worker_hijack_root_logger=False,
)

if broadcast := os.environ.get("FOREIGN_BROADCAST"):
    app.conf.task_queues = (Queue("celery"), Queue("other"), Broadcast(broadcast))

records = redis.Redis.from_url(RECORDS)


def note(what, value):
    """Append to a list of the records, however long the server is away."""
    while True:
        try:
            records.rpush(what, value)
        except (redis.exceptions.ConnectionError, redis.exceptions.TimeoutError):
            time.sleep(0.05)
        else:
            return


@app.task(name="work")
def work(number, seconds=0.0):
    note("started", number)
    time.sleep(seconds)
    note("done", number)


@app.task(name="block")
def block(number, seconds):
    """Compute: no greenlet gets a turn."""
    note("started", number)
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        sum(range(10_000))
    note("done", number)


@app.task(name="pong")
def pong(number):
    """The least that leaves a trace."""
    records.rpush("done", number)


@app.task(name="keep_time")
def keep_time(number, due):
    """Note by how many seconds it starts late."""
    late = time.time() - due
    note("late", late)
    note("done", number)


@app.task(name="hold")
def hold(number):
    """Work until the test says otherwise: `release` exists."""
    note("started", number)
    while True:
        try:
            if records.exists("release"):
                break
        except (redis.exceptions.ConnectionError, redis.exceptions.TimeoutError):
            pass
        time.sleep(0.02)
    note("done", number)


@app.task(name="again", bind=True, max_retries=2)
def again(self, number):
    note("started", number)
    if self.request.retries < 2:
        raise self.retry(countdown=0.05)
    note("done", number)


@app.task(name="poison", bind=True)
def poison(self, number):
    """Kill the worker, children and all."""
    note("started", number)
    note("counts", self.request.get("x-delivery-count") or 0)
    os.killpg(os.getpgrp(), signal.SIGKILL)


@app.task(name="again_later", bind=True, max_retries=1)
def again_later(self, number, countdown):
    note("started", number)
    if not self.request.retries:
        raise self.retry(countdown=countdown)
    note("done", number)


@app.task(name="refuse", bind=True)
def refuse(self, number, requeue):
    note("started", number)
    if not requeue or not self.request.delivery_info.get("redelivered"):
        raise Reject("as told", requeue=requeue)
    note("done", number)
