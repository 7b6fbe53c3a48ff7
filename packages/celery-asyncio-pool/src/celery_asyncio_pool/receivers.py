"""Warns of signal receivers that never run: Celery calls an `async def`, and drops the coroutine."""

from __future__ import annotations

import weakref
from collections.abc import Iterator

from celery import signals
from celery.utils.dispatch import Signal
from celery.utils.log import get_logger

from celery_asyncio_pool.coroutines import gives_coroutine

logger = get_logger(__name__)


def warn_of_async_receivers() -> None:
    """Log each receiver of a Celery signal that is a coroutine function."""
    for signal, receiver in _find_async_receivers():
        logger.warning(
            "The receiver %s of the signal %s is `async def`: Celery never awaits it, so it never runs. "
            "Make it a plain def, or use a hook of the task (on_success, ...), which may be `async def`.",
            getattr(receiver, "__qualname__", receiver),
            signal,
        )


def _find_async_receivers() -> Iterator[tuple[str, object]]:
    for name, signal in vars(signals).items():
        if isinstance(signal, Signal):
            for _, receiver in signal.receivers:
                function = receiver() if isinstance(receiver, weakref.ReferenceType) else receiver
                if function is not None and gives_coroutine(function):
                    yield name, function
