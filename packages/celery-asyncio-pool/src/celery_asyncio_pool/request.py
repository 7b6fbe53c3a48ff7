"""Reads what Celery's request tells about an execution, from its public attributes. Changes nothing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from celery.worker import state

from celery_asyncio_pool.execution import Execution


def get_request(execution: Execution) -> Any:
    """Return the worker's request that `execution` is for, or None. The callbacks are methods of it."""
    return getattr(execution.accept_callback, "__self__", None)


def decoded(args: tuple[Any, ...], accept_callback: Callable[..., Any] | None) -> tuple[Any, ...]:
    """Return the tracer's arguments with the body as the request has decoded it: once is enough.

    The tracer takes a body without a content type for a decoded one, as it comes in Celery's protocol 1.
    """
    request = getattr(accept_callback, "__self__", None)
    if request is None or len(args) != 6 or not args[4]:  # task, id, request, body, content type and encoding
        return args
    return (*args[:3], request.message.payload, None, None)


def may_be_revoked(execution: Execution) -> bool:
    """Whether the task may have been revoked while it waited, so that the worker must be asked.

    Celery asks only before it hands a task over. What it does with a revoked one (tell the broker and the
    backend) belongs in the worker's thread.
    """
    request = get_request(execution)
    if request is None:
        return False
    return request.id in state.revoked or bool(request.expires or request.stamped_headers)


def has_nothing_to_send(execution: Execution) -> bool:
    """Whether Celery's tracer has no result to store and no message to publish when the task is done.

    Such a tracer does not block, and needs no detour through the tracers' thread: that doubles the switches
    between threads, the greater part of this pool's cost.
    """
    request = get_request(execution)
    if request is None or request.store_errors or request.group:
        return False
    payload = request.message.payload
    links = payload[2] if isinstance(payload, (list, tuple)) else payload  # protocol 2, 1
    return not any((links or {}).values())
