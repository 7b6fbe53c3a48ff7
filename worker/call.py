"""Calls a user's function for a job: with its arguments, within its time, and whatever it does.

An exception of the function is the job's failure, and so is an attempt to end the process. What it returns
goes on as a type, a short text and a digest: answers are compared, and not carried around. A call that takes
too long is ended where something can do that (see `time_up`; an event loop can at its next await). Elsewhere
the job is known to have taken too long when it ends by itself.
"""

from __future__ import annotations

import contextlib
import functools
import hashlib
import inspect
import json
import os
import re
import signal
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from worker.answers import Returned
from worker.deadline import UNLIMITED, Deadline
from worker.errors import CallError, InvalidJobError
from worker.jobs import Call
from worker.records import error_line
from worker.target import Function, function
from worker.time_up import OverdueError, ended_in

#: The most characters of an answer that are kept to be shown; all of it is in the digest.
SHOWN = 200
#: The most threads that blocking calls of one event loop may take: the most slots that it may have.
MOST_THREADS = 10_000
#: The modules of Celery and billiard whose handlers of signals raise SystemExit in whatever runs.
SIGNALLED = ("celery.apps.worker", "billiard.common")

#: How `_function` refuses, as it stands in a record.
_REFUSED = re.compile(
    r"InvalidJobError: this process calls (no function|\S{1,300})(?: alone)? \(--job\), and "
)
_ADDRESS = re.compile(r" at 0x[0-9A-Fa-f]+")


def call(job: Call, until: Deadline = UNLIMITED) -> Returned:
    """Call the function in this thread.

    Raises:
        InvalidJobError: this process was started for another function, or these are no arguments of its.
        CallError: it has tried to end the process.
        TimeLimitError: it took too long.
        Exception: whatever it raises.
    """
    args, kwargs = read_arguments(job)
    plain = _function(job).plain
    with _guarded(until):
        with ended_in(until.left_s()):
            result = plain(*args, **kwargs)
            if inspect.iscoroutine(result):
                import asyncio  # not at the top: most functions need none

                result = asyncio.run(result)
        until.check()
        return describe(result)


async def call_async(job: Call, until: Deadline = UNLIMITED) -> Returned:
    """Await the function on this loop, or have a thread call it where it is no `async def`.

    Raises:
        As `call` does.
    """
    import asyncio

    args, kwargs = read_arguments(job)
    on_loop = _function(job).on_loop
    if on_loop is None:
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(_threads(), functools.partial(call, job, until))
    with _guarded(until, awaits=True):
        left_s = until.left_s()
        try:
            async with asyncio.timeout(left_s if left_s < threading.TIMEOUT_MAX else None) as limit:
                result = await on_loop(*args, **kwargs)
        except TimeoutError:
            if limit.expired():
                raise OverdueError from None
            raise
        until.check()
        return describe(result)


def describe(result: object) -> Returned:
    """Describe what a function has returned: by its JSON, or where there is none by its repr."""
    kind = type(result)
    name = kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"
    try:
        text, is_json = json.dumps(result, sort_keys=True), True
    except Exception:  # also what a subclass of dict or list raises, as it is read
        text, is_json = _repr(result), False
    digest = hashlib.blake2b(text.encode(errors="backslashreplace"), digest_size=8).hexdigest()
    shown = text if len(text) <= SHOWN else text[: SHOWN - 1] + "…"
    return Returned(name, shown.encode(errors="backslashreplace").decode(), digest, is_json)


def _repr(result: object) -> str:
    try:
        if isinstance(result, set | frozenset):  # in another order in each process
            return f"{type(result).__name__}({', '.join(sorted(map(repr, result)))})"
        return _ADDRESS.sub("", repr(result))
    except Exception as error:
        return f"no repr: {type(error).__name__}"


def _function(job: Call) -> Function:
    found = function()
    if found is None:
        raise InvalidJobError(f"this process calls no function (--job), and {job.target!r} was asked for")
    if job.target != found.name:
        raise InvalidJobError(f"this process calls {found.name} alone (--job), and not {job.target!r}")
    return found


def called_instead(error: str) -> str | None:
    """Read from a job's error what its process calls in place of that: "shop.tasks:nap", "no function".

    None where it was not refused.
    """
    refused = _REFUSED.match(error)
    return refused[1] if refused else None


def read_arguments(job: Call) -> tuple[list[Any], dict[str, Any]]:
    """Read the arguments: an object has them by name, a list by position, all else is the one argument.

    Raises:
        InvalidJobError: they are no JSON.
    """
    try:
        value = json.loads(job.arguments)
    except (ValueError, RecursionError) as error:
        raise InvalidJobError(f"the arguments of a call are no JSON: {error}") from None
    if isinstance(value, dict):
        return [], value
    return (value, {}) if isinstance(value, list) else ([value], {})


@contextlib.contextmanager
def _guarded(until: Deadline, awaits: bool = False) -> Iterator[None]:
    """Make failures of the job of what would end more than the job, and end what it has forked of this."""
    process = os.getpid()
    try:
        yield
    except OverdueError:
        raise until.too_late() from None
    except SystemExit as error:
        if _is_by_worker(error):
            raise
        raise CallError(f"the function tried to end its process: sys.exit({error.code!r})") from error
    except StopIteration as error:
        raise CallError(f"the function raised {error_line(error)}, which no event loop passes on") from error
    except Exception:
        raise
    except BaseException as error:  # which nothing around a job expects
        if _is_told_to_end(error, awaits):
            raise
        raise CallError(f"the function raised {error_line(error)}, which is no Exception") from error
    finally:
        if os.getpid() != process:  # or both would do all the other jobs, and fork in each
            signal.raise_signal(signal.SIGKILL)


def _is_by_worker(error: SystemExit) -> bool:
    """Tell whether a signal ends the worker, and not the function: then nobody has done the job."""
    trace = error.__traceback__
    while trace and trace.tb_next:
        trace = trace.tb_next
    return trace is not None and trace.tb_frame.f_globals.get("__name__") in SIGNALLED


def _is_told_to_end(error: BaseException, awaits: bool) -> bool:
    """Tell whether somebody ends the coroutine or the greenlet that this is, and not the function itself."""
    if awaits:
        import asyncio

        task = None if isinstance(error, GeneratorExit) else asyncio.current_task()
        return not task or task.cancelling() > 0
    greenlet = sys.modules.get("greenlet")
    return bool(greenlet and isinstance(error, greenlet.GreenletExit))


@functools.cache
def _threads() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(MOST_THREADS, thread_name_prefix="call")
