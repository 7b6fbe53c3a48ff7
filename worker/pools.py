"""Lists the pools that can execute tasks inside a Celery worker, and what each cannot do."""

from __future__ import annotations

import importlib.util
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from worker.errors import UnknownNameError
from worker.settings import ASYNCIO_POOL


@dataclass(frozen=True, slots=True)
class Pool:
    """One way of executing tasks in a Celery worker."""

    name: str
    #: What `celery worker --pool` calls it.
    celery_name: str
    #: What a slot is made of.
    slot: str
    #: What this pool is bad at, or cannot do.
    cannot: str
    #: Whether `--concurrency` means anything to it.
    scales: bool = True
    #: The package that patches the standard library, or whose absence rules the pool out.
    requires: str | None = None
    #: Environment variables that the worker process needs.
    environment: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))

    @property
    def queue(self) -> str:
        """The queue that workers with this pool consume, unless they are told another."""
        return f"simul.{self.name}"

    def unavailable(self) -> str | None:
        """Say why this pool cannot run here; return None where it can."""
        if self.requires and importlib.util.find_spec(self.requires) is None:
            return f"the package {self.requires} is not installed for this Python"
        return None


_ROWS = (
    Pool("solo", "solo", "the worker itself", "one job at a time; a long job stops control commands", False),
    Pool("prefork", "prefork", "process", "many slots: each is a process with memory of its own"),
    Pool("threads", "threads", "thread", "more than one core of pure Python while there is a GIL"),
    Pool(
        "gevent", "gevent", "greenlet", "use a second core; code that blocks without yielding", True, "gevent"
    ),
    Pool(
        "eventlet",
        "eventlet",
        "greenlet",
        "use a second core; code that blocks without yielding",
        True,
        "eventlet",
    ),
    Pool(
        "asyncio",
        "custom",
        "coroutine",
        "use a second core; a job that computes without awaiting holds all the others up",
        requires="greenlet",
        environment=MappingProxyType({"CELERY_CUSTOM_WORKER_POOL": ASYNCIO_POOL}),
    ),
)

POOLS: Mapping[str, Pool] = MappingProxyType({pool.name: pool for pool in _ROWS})


def pool(name: str) -> Pool:
    """Return the pool of that name.

    Raises:
        UnknownNameError: no pool has that name; the text lists those that exist.
    """
    try:
        return POOLS[name]
    except KeyError:
        raise UnknownNameError(f"no pool is called {name!r}; there are: {', '.join(POOLS)}") from None


def runs_on_event_loop(implementation: type) -> bool:
    """Tell whether Celery's implementation of a pool is the asyncio pool, or derived from it."""
    package, _, _ = ASYNCIO_POOL.partition(":")  # not imported here: it is for those who run on it
    return any(f"{base.__module__}.".startswith(f"{package}.") for base in implementation.__mro__)
