"""Checks every message before Celery sees it, and refuses those that are no call of the lab's task.

Anybody can write to a queue. Celery takes most of what it finds there for a call: odd headers and bodies end
its consumer, or a slot, or a job of which nothing is ever heard. So what is no call is recorded in the stream
of rejected messages and dropped, and the next message is taken. Celery is given what was checked, and nothing
else that may have come along.

A plain call in Celery's older protocol 1, as clients in other languages send it, is taken, too.

Refused is all but the JSON of a plain call: other content types, other tasks, and what would delay, expire,
limit or follow a job (it could end, or begin another, without a record). Whether the call is a valid job, the
task decides. `app.conf.worker_consumer` names this class, which is Celery's own way of replacing it.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Annotated, Any, NamedTuple

from celery.utils.log import get_task_logger
from celery.worker import consumer
from redis import ResponseError

from celery_reliable_redis import UNREADABLE
from worker.control import warn_of_no_command
from worker.errors import InvalidJobError
from worker.records import error_line
from worker.settings import RECEIVED, TASK_NAME
from worker.shapes import Meta, Struct, asdict, convert
from worker.writer import writer

log = get_task_logger(__name__)

#: A value in a call. Nothing in a valid job is nested deeper, and deeper nesting may overflow a stack.
Scalar = None | bool | int | float | str
Value = Scalar | list[Scalar] | dict[str, Scalar | list[Scalar]]


#: A name or an identifier, without control characters: written to a log, it must not begin another line.
Name = Annotated[str, Meta(max_length=255, pattern=r"\A[^\x00-\x1f\x7f-\x9f\u2028\u2029]*\Z")]
#: A text about arguments, which Celery's clients cut at 1,024 characters.
Repr = Annotated[str, Meta(max_length=4096)]


class Headers(Struct):
    """The headers of a call in Celery's protocol 2. Headers that are not named here are dropped."""

    task: Name
    id: Name
    lang: Name | None = None
    shadow: Name | None = None
    root_id: Name | None = None
    parent_id: Name | None = None
    group: Name | None = None
    group_index: int | None = None
    argsrepr: Repr | None = None
    kwargsrepr: Repr | None = None
    origin: Name | None = None
    retries: int | None = None
    ignore_result: bool | None = None
    replaced_task_nesting: int | None = None
    eta: None = None
    expires: None = None
    timelimit: tuple[None, None] | None = None


class Properties(Struct):
    """The properties of an envelope that Celery uses. All others are dropped."""

    correlation_id: Name | None = None
    reply_to: Name | None = None
    priority: int | None = None


#: No tasks; clients in some languages write an empty list for null.
Nothing = None | Annotated[list[Any], Meta(max_length=0)]


class Links(Struct, forbid_unknown_fields=True):
    """The tasks that are to follow a call. There may be none."""

    callbacks: Nothing = None
    errbacks: Nothing = None
    chain: Nothing = None
    chord: None = None


class Call(NamedTuple):
    """The body of a call: [arguments, {name: argument}, links]."""

    args: list[Value]
    kwargs: dict[str, Value]
    links: Links | Nothing


class Call1(Struct):
    """The body in protocol 1, which holds the whole call. Fields that are not named here are dropped."""

    task: Name
    id: Name
    args: list[Value] = []  # noqa: RUF012  # each object has its own
    kwargs: dict[str, Value] = {}  # noqa: RUF012  # and so here
    retries: int | None = None
    group: Name | None = None
    eta: None = None
    expires: None = None
    timelimit: tuple[None, None] | None = None
    callbacks: Nothing = None
    errbacks: Nothing = None
    chord: None = None


#: The steps of a consumer's start that replace Celery's.
OWN_STEPS = {
    "celery.worker.consumer.control:Control": "worker.inbox:InboxStep",
    "celery.worker.consumer.heart:Heart": "worker.heart:HeartStep",
}


class Consumer(consumer.Consumer):
    """Hands on calls of the lab's task, and refuses every other message."""

    class Blueprint(consumer.Consumer.Blueprint):
        """Lists the steps of the start: Celery's, with two of them replaced."""

        default_steps = tuple(OWN_STEPS.get(step, step) for step in consumer.Consumer.Blueprint.default_steps)

    def __init__(self, *args: Any, worker_options: dict[str, Any] | None = None, **kwargs: Any) -> None:
        # Workers on one queue need not know of each other, and Celery believes whatever it hears of others.
        alone = {"without_mingle": True, "without_gossip": True}
        super().__init__(*args, worker_options={**(worker_options or {}), **alone}, **kwargs)

    def create_task_handler(self, *args: Any, **kwargs: Any) -> Callable[[Any], None]:
        """Return the function that Celery calls with each message."""
        hand_on = super().create_task_handler(*args, **kwargs)

        def on_message(message: Any) -> None:
            try:
                _check(message)
            except Exception as error:  # a message can be anything, and so can what reading it raises
                self.on_decode_error(message, error)
            else:
                # Celery gives the headers to the slot, even in another process.
                message.headers[RECEIVED] = time.monotonic_ns()
                hand_on(message)

        return on_message

    def on_decode_error(self, message: Any, exc: Exception) -> None:
        """Record that the message is rejected, and drop it.

        kombu calls this, too, with a message that it cannot unpack. So does Celery with a message of remote
        control that it cannot read: that is only dropped, for nobody acknowledges it and anybody can send it.

        Raises:
            redis.ConnectionError: the broker was away for longer than a minute. It still has the message.
        """
        if self.task_consumer is None or message.channel is not self.task_consumer.channel:
            warn_of_no_command(exc)
            return
        what, why = repr((message.body or b"")[:1000]), error_line(exc)
        log.error("rejected: %.500s: %.200s", why, what)
        try:
            writer().write_rejected(what, why)
        except ResponseError as error:  # a full broker: to keep the message would be to meet it for ever
            log.error("no record of the rejected message could be written: %s", error)
        message.reject_log_error(log, self.connection_errors)


def _check(message: Any) -> None:
    """Check that the message is a call of the lab's task, and remove from it whatever was not checked.

    Raises:
        InvalidJobError, kombu.exceptions.KombuError, ValueError: the message is no such call.
    """
    if UNREADABLE in message.headers:
        raise InvalidJobError(f"not a message: {message.headers[UNREADABLE]}")
    if "task" not in message.headers:
        _translate(message)
    headers = convert(message.headers, Headers)
    if headers.task != TASK_NAME:
        raise InvalidJobError(f"no task is called {headers.task!r}, only {TASK_NAME!r}")
    properties = convert(message.properties, Properties)
    call = convert(message.decode(), Call)
    if not isinstance(call.links, Links):  # PHP's empty array is an empty object, too
        _write_body(message, call.args, call.kwargs)
    message.headers, message.properties = asdict(headers), asdict(properties)


def _translate(message: Any) -> None:
    """Rewrite a call in protocol 1 as the same call in protocol 2."""
    call = convert(message.decode(), Call1)
    message.headers = {"task": call.task, "id": call.id, "retries": call.retries, "group": call.group}
    _write_body(message, call.args, call.kwargs)


def _write_body(message: Any, args: list[Value], kwargs: dict[str, Value]) -> None:
    message.body = json.dumps([args, kwargs, None]).encode()
    message._decoded_cache = None
