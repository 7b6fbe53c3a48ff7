"""The options of the pool: read once from the environment, into a frozen object.

Celery hands no options of its own to a custom pool, and a pool for any app cannot ask that app for
settings; so these are environment variables, like the one that selects the pool.
"""

from __future__ import annotations

import asyncio
import os
import selectors
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import import_module

from celery.exceptions import ImproperlyConfigured

#: Where the body of a plain `def` task can run: in a thread of its own, or on the loop's thread.
PLACES = ("thread", "loop")


@dataclass(frozen=True, slots=True)
class Options:
    """The options of the pool. Each field has an environment variable, named in `read`."""

    #: Run on uvloop instead of asyncio's own loop.
    uvloop: bool = False
    #: Where plain `def` tasks run that do not say it themselves; one of `PLACES`.
    plain: str = "thread"
    #: Seconds that one step of a coroutine may hold the loop before it is logged; 0 never logs.
    slow_s: float = 0.05
    #: Seconds that a warm shutdown waits for running tasks before it cancels them; None: no limit.
    drain_s: float | None = None

    @classmethod
    def read(cls, environ: Mapping[str, str] = os.environ) -> Options:
        """Read the options from `environ`.

        Raises:
            ImproperlyConfigured: a value makes no sense; the message says which.
        """
        plain = environ.get("CELERY_AIO_PLAIN") or "thread"
        if plain not in PLACES:
            raise ImproperlyConfigured(f"CELERY_AIO_PLAIN must be one of {', '.join(PLACES)}, not {plain!r}")
        slow_ms = _read_number(environ, "CELERY_AIO_SLOW_MS")
        return cls(
            uvloop=environ.get("CELERY_AIO_UVLOOP", "").lower() in {"1", "true", "yes", "on"},
            plain=plain,
            slow_s=0.05 if slow_ms is None else slow_ms / 1000,
            drain_s=_read_number(environ, "CELERY_AIO_DRAIN_S"),
        )

    def choose_loop(self) -> Callable[[], asyncio.AbstractEventLoop]:
        """Return the function that makes the event loop.

        Raises:
            ImproperlyConfigured: uvloop was asked for and is not installed. Falling back in silence
                would let a measurement name a loop that never ran.
        """
        if not self.uvloop:
            return _new_event_loop
        try:
            factory: Callable[[], asyncio.AbstractEventLoop] = import_module("uvloop").new_event_loop
        except ImportError:
            raise ImproperlyConfigured(
                "CELERY_AIO_UVLOOP is set but uvloop is not installed. "
                "Install it (pip install uvloop), or unset the variable to use asyncio's own loop."
            ) from None
        return factory


def _new_event_loop() -> asyncio.AbstractEventLoop:
    if not hasattr(selectors, "EpollSelector"):
        return asyncio.new_event_loop()
    from celery_asyncio_pool.selector import PreciseSelector

    return asyncio.SelectorEventLoop(PreciseSelector())


def _read_number(environ: Mapping[str, str], name: str) -> float | None:
    text = environ.get(name)
    if not text:
        return None
    try:
        number = float(text)
    except ValueError:
        number = -1.0
    if not 0 <= number < float("inf"):
        raise ImproperlyConfigured(f"{name} must be a number of 0 or more, not {text!r}")
    return number
