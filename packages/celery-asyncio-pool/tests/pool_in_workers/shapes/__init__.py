"""Another app that knows nothing of the pool: tasks written in every way, as coroutines and as functions.

Each pair is registered as `plain.<name>` and `async.<name>`, and does the same. What happens to a task is
told through Redis lists. Refuses to import anything of this project.
"""

# mypy: disable-error-code="untyped-decorator"
# (Celery ships no types, and neither would a stranger's app.)

from __future__ import annotations

import asyncio
import functools
import importlib.util
import os
from collections.abc import Callable
from contextvars import ContextVar
from typing import Any

import redis
from celery import Celery, signals

URL = os.environ["FOREIGN_URL"]
MODULES = ["hooks", "ways", *(["models"] if importlib.util.find_spec("pydantic") else [])]

app = Celery("shapes", broker=URL, backend=URL)
app.conf.update(
    broker_connection_retry_on_startup=True,
    broker_transport_options={"max_connections": 1000},
    include=[f"{__name__}.{module}" for module in MODULES],
    # As the README has it, beside an entry of the app's own.
    task_annotations=[
        "celery_asyncio_pool:Eager",
        {"plain.annotated": {"max_retries": 77}, "async.annotated": {"max_retries": 77}},
    ],
    task_default_queue=os.environ.get("FOREIGN_QUEUE", "shapes"),
)
side = redis.Redis.from_url(URL, decode_responses=True, socket_timeout=None)
seen: ContextVar[str] = ContextVar("seen", default="nothing")


def coroutine_of(function: Callable[..., Any]) -> Callable[..., Any]:
    """`function` as somebody would have written it with `async def`."""

    @functools.wraps(function)
    async def coroutine(*args: Any, **kwargs: Any) -> Any:
        await asyncio.sleep(0)
        return function(*args, **kwargs)

    return coroutine


def twice(**options: Any) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Register a function as it is, and as a coroutine."""

    def register(function: Callable[..., Any]) -> Callable[..., Any]:
        name = function.__name__
        app.task(name="plain." + name, **options)(function)
        app.task(name="async." + name, **options)(coroutine_of(function))
        return function

    return register


def plainly_wrapped(function: Callable[..., Any]) -> Callable[..., Any]:
    """A decorator as most are: a plain function around anything."""

    @functools.wraps(function)
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        return function(*args, **kwargs)

    return wrapper


async def hold(key: str) -> str:
    """Say that we run, and run until we are cancelled; say so then."""
    side.rpush(key + ":started", "1")
    try:
        await asyncio.sleep(60)
    except asyncio.CancelledError:
        side.rpush(key + ":cancelled", "1")
        raise
    return "held"


@signals.task_prerun.connect(weak=False)
async def async_receiver(**_: Any) -> None:
    """Celery calls this and drops the coroutine."""
