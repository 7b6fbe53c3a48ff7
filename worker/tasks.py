"""Defines the lab's only task: it validates the message, has the job done, and records it.

A message that is no valid job is recorded as an error, rejected, and never retried. The record is
written before the message is acknowledged, so a job whose worker dies is done again. A worker that is told
to stop interrupts what does not end within its grace, and gives it back to the queue unrecorded. A worker
that runs on the asyncio pool gets the async twin of the task, under the same name.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

from celery import current_app
from celery.concurrency import get_implementation
from celery.exceptions import Reject, WorkerShutdown
from celery.signals import worker_init, worker_shutting_down
from celery.utils.log import get_task_logger
from kombu.exceptions import KombuError
from redis import RedisError, ResponseError

from celery_reliable_redis import is_passing, is_refusal
from celery_reliable_redis.prompt import Task
from worker import deadline
from worker.app import app, settings
from worker.attempt import begin, parse_job
from worker.errors import CallError, InvalidJobError, StoppedError, TargetError
from worker.game_move import is_judits
from worker.jobs import GameMove, Job
from worker.pass_on import entry_of, pass_on
from worker.perform import perform, perform_async
from worker.pools import runs_on_event_loop
from worker.records import error_line
from worker.settings import TASK_NAME
from worker.target import function
from worker.writer import async_writer, writer

#: Seconds that a job which cannot be recorded for now stays in its slot. Without this pause, a broker that
#: takes messages but no records has the same job done as fast as it can be delivered.
PAUSE_S = 1.0
#: The broker is away, or refuses a record or a message.
BROKER_TROUBLE = (RedisError, KombuError)

log = get_task_logger(__name__)


def do(self: Any, /, *args: Any, **message: Any) -> None:
    """Do the job of a message {run, index, enqueued_ns, job} and record who did it and when.

    Raises:
        celery.exceptions.Reject: the message is no valid job (dropped), its record, or the message for a
            game's next move, could not be written, or the worker is being stopped (requeued).
    """
    attempt = begin(self.request, args, message)
    job, answer, failure = None, None, None
    try:
        job = parse_job(message)
        answer = attempt.think(job) if is_judits(job) else perform(job, settings.data_root)
    except StoppedError as error:
        raise attempt.give_back(error) from error
    except Exception as error:  # whatever it is, it is this job's result, and the worker lives on
        failure = error
    record = attempt.record(answer, failure)
    try:
        if writer().write(attempt.run, record, entry_of(job)) or attempt.is_redelivered:
            pass_on(self, attempt.run, job, answer)
    except BROKER_TROUBLE as error:
        rejection = _reject_unrecorded(error, job)
        for nap_s in _pause(rejection):
            time.sleep(nap_s)
        raise rejection from error
    _reject_if_invalid(failure)


async def do_async(self: Any, /, *args: Any, **message: Any) -> None:
    """Do the same on an event loop."""
    import asyncio  # not at the top: a worker without an event loop has no use for it

    attempt = begin(self.request, args, message, on_event_loop=True)
    job, answer, failure = None, None, None
    try:
        job = parse_job(message)
        answer = await perform_async(job, settings.data_root)
    except StoppedError as error:
        raise attempt.give_back(error) from error
    except Exception as error:
        failure = error
    record = attempt.record(answer, failure)
    try:
        is_due = await async_writer().write(attempt.run, record, entry_of(job)) or attempt.is_redelivered
        if is_due and isinstance(job, GameMove):  # by a thread: the loop waits for no broker
            await asyncio.to_thread(pass_on, self, attempt.run, job, answer)
    except BROKER_TROUBLE as error:
        rejection = _reject_unrecorded(error, job)
        for nap_s in _pause(rejection):
            await asyncio.sleep(nap_s)
        raise rejection from error
    _reject_if_invalid(failure)


class AnyFields(Task):
    """Takes messages with any fields, even with one called `self`, on which Celery's own task fails.

    It is sent promptly, for a move of a game is followed by the message for the next one.
    """

    def __call__(self, /, *args: Any, **message: Any) -> Any:
        """Run the task."""
        return self.run(*args, **message)


app.task(do, name=TASK_NAME, bind=True, base=AnyFields)


@worker_init.connect
def _suit_the_pool(sender: Any, **_: Any) -> None:
    # By the pool that the worker has, and not by the variable that names ours: it may be set where another
    # pool is asked for.
    if runs_on_event_loop(get_implementation(sender.pool_cls)):
        app.tasks.unregister(TASK_NAME)
        app.task(do_async, name=TASK_NAME, bind=True, base=AnyFields)


@worker_init.connect
def _load_target(**_: Any) -> None:
    # Before any process is forked, as Celery does with tasks.
    try:
        found = function()
    except TargetError as error:  # Celery would log any other exception, and go on
        raise WorkerShutdown(f"Target: {error}") from None
    if found:
        users = current_app._get_current_object()  # a module with an app of its own has made that one current
        app.set_current()
        app.set_default()
        # What the function sends by the current app, as a shared task does, is none of the lab's messages.
        app.send_task = _refuse_to_send if users is app else users.send_task


def _refuse_to_send(name: str, *_: Any, **__: Any) -> None:
    raise CallError(f"the function sends the task {name!r}, and its module has no Celery app to send it with")


def _reject_unrecorded(error: RedisError | KombuError, job: Job | None) -> Reject:
    what = "no record, or no message for the next move," if isinstance(job, GameMove) else "no record"
    why = f"{what} could be written: {error}"
    if isinstance(error, ResponseError) and not is_passing(error) and not is_refusal(error):
        # Nobody can have this run take it, and what is put back is met again, at once and for ever.
        log.error("dropped a job: %s", why)
        return Reject(why, requeue=False)
    return Reject(why, requeue=True)


def _pause(rejection: Reject) -> Iterator[float]:
    """Yield the naps of a slot before its job goes back to the queue, which delivers it again at once.

    The slot sleeps as it does in a job that waits, so in every pool the other slots go on meanwhile. The naps
    end early where the worker is being stopped.
    """
    if rejection.requeue:
        with suppress(StoppedError):
            yield from deadline.UNLIMITED.naps(PAUSE_S)


def _reject_if_invalid(failure: Exception | None) -> None:
    if isinstance(failure, InvalidJobError):
        raise Reject(error_line(failure), requeue=False)


deadline.share_with_children()


@worker_shutting_down.connect
def _move_deadlines_up(**_: Any) -> None:
    # Where a job holds the main thread (solo), this handler of the signal is all that still runs.
    deadline.stop_within(settings.grace_s)
