"""Sends one task many times: `send_many(task, [(args, kwargs), ...])` for `apply_async` in a loop.

Celery itself builds the first message. What all share is kept from it, and what differs is written anew: the
arguments, how they are shown, the ids. So a message is what this version of Celery makes of these options.
Where messages may differ in more than that, `apply_async` sends each of them.
"""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from typing import Any, TypeAlias

from kombu.exceptions import OperationalError
from redis import RedisError

from celery_reliable_redis.ids import make_ids
from celery_reliable_redis.pushing import Block, Pusher
from celery_reliable_redis.target import Target
from celery_reliable_redis.template import Template, make_template

#: The arguments of one call; None stands for none.
Job: TypeAlias = tuple[Sequence[Any] | None, Mapping[str, Any] | None]

#: Messages in one LPUSH, and bytes of messages after which it takes no more.
BLOCK = 100
BLOCK_BYTES = 256 * 1024
#: How long a message waits for others before it is sent, in seconds. It is looked at when the next one comes.
LINGER_S = 0.1
#: How old a template may be that holds a time counted from when it was made (countdown, expires), in seconds.
RENEW_S = 0.05

_UNREACHABLE = OperationalError, RedisError, OSError


class NotAllSentError(OperationalError):
    """The broker could not be reached, or refused, before all was sent.

    The first `sent` jobs are certainly sent. Some of the next may be: they were on their way.
    """

    def __init__(self, sent: int, reason: object) -> None:
        super().__init__(f"{sent:,} messages are certainly sent, and perhaps some of the next: {reason}")
        self.sent = sent


def send_many(
    task: Any,
    jobs: Iterable[Job],
    *,
    app: Any = None,
    on_sent: Callable[[list[str]], object] | None = None,
    **options: Any,
) -> int:
    """Send a task once for each of the jobs, which are pairs of args and kwargs. Returns how many were sent.

    `task` is a task, a signature, or a task's name with its `app`; `options` are those of `apply_async`, for
    all alike. From `jobs` no more is taken than is on its way. The broker confirms every message: then
    `on_sent` is given the id of its task, among those of a few others, in the order of the jobs. Where a
    connection breaks, what is not confirmed is sent once more, as often as `retry_policy` says. An error of a
    job, or of `jobs`, is raised when what came before it is sent.

    Raises:
        NotAllSentError: the broker cannot be reached, or refuses.
        TypeError: a job that the task does not take; a `task_id`, which all would have; a name and no app.
    """
    sending = _Sending(Target(task, app, options), on_sent)
    sending.send(jobs)
    return sending.sent


class _Sending:
    """One call of `send_many`."""

    def __init__(self, target: Target, on_sent: Callable[[list[str]], object] | None) -> None:
        self._target = target
        self._on_sent = on_sent
        self._ids = make_ids()
        #: How many are certainly sent.
        self.sent = 0
        #: Why no more is sent. A job that sends may fail with an error of the same kind.
        self._failure: NotAllSentError | None = None

    def send(self, jobs: Iterable[Job]) -> None:
        """Send them all."""
        arguments: Iterator[tuple[Any, Any]] = itertools.starmap(self._target.arguments, jobs)
        if not self._target.is_uniform():
            self._send_singly(arguments, {})
            return
        for first in arguments:  # where there is none, nothing is asked of the broker
            arguments = itertools.chain([first], arguments)
            with self._target.acquire() as producer:
                with self._reaching():
                    template = make_template(self._target, producer, *first)
                if template is None:
                    self._send_singly(arguments, {"producer": producer})
                else:
                    self._send_blocks(template, producer, arguments)

    def _send_singly(self, arguments: Iterable[tuple[Any, Any]], options: Mapping[str, Any]) -> None:
        for args, kwargs in arguments:
            with self._reaching():
                result = self._target.apply(args, kwargs, **options)
            self._count([getattr(result, "id", None)])  # an `apply_async` of one's own may return nothing

    def _send_blocks(self, template: Template, producer: Any, arguments: Iterator[tuple[Any, Any]]) -> None:
        with closing(Pusher(producer, template.prototype)) as pusher:
            try:
                for block in self._write_blocks(template, producer, arguments):
                    self._push(pusher, block)
            except Exception as error:
                if error is not self._failure:  # but of a job: what came before it is on its way
                    self._push(pusher, None)
                raise
            self._push(pusher, None)

    def _write_blocks(self, template: Template, producer: Any, arguments: Iterator[Any]) -> Iterator[Block]:
        check = self._target.check
        ids = zip(self._ids, self._ids, strict=True)  # of a task, and of its delivery
        for first in arguments:
            now = time.monotonic()
            template = self._renew(template, producer, first)
            task_ids: list[str] = []
            messages: list[str] = []
            size = 0
            try:
                for args, kwargs in itertools.chain([first], arguments):
                    is_late = time.monotonic() > now + LINGER_S
                    if is_late:  # it came long after the template was made
                        template = self._renew(template, producer, (args, kwargs))
                    args, kwargs = check(args, kwargs)
                    task_id, tag = next(ids)
                    message = template.write(args, kwargs, task_id, tag)
                    task_ids.append(task_id)
                    messages.append(message)
                    size += len(message)
                    if is_late or len(messages) == BLOCK or size > BLOCK_BYTES:
                        break
            except Exception:
                if messages:
                    yield Block(task_ids, messages, size)
                raise
            yield Block(task_ids, messages, size)

    def _renew(self, template: Template, producer: Any, job: Any) -> Template:
        if not template.ages or time.monotonic() - template.made_at <= RENEW_S:
            return template
        with self._reaching():
            return make_template(self._target, producer, *job) or template

    def _push(self, pusher: Pusher, block: Block | None) -> None:
        error: Exception | None = None
        try:
            pusher.push(block)
        except _UNREACHABLE as unreachable:
            error = unreachable
        for confirmed in pusher.confirmed():
            self._count(confirmed.ids)
        if error is not None:
            raise self._fail(error) from error

    def _count(self, ids: list[Any]) -> None:
        self.sent += len(ids)
        if self._on_sent is not None:
            self._on_sent(ids)

    @contextmanager
    def _reaching(self) -> Iterator[None]:
        try:
            yield
        except _UNREACHABLE as error:
            raise self._fail(error) from error

    def _fail(self, reason: Exception) -> NotAllSentError:
        self._failure = NotAllSentError(self.sent, reason)
        return self._failure
