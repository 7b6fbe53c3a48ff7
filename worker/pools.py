"""Lists the pools that can execute tasks inside a Celery worker, and what each cannot do."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Literal, TypeAlias

from worker.errors import UnknownNameError
from worker.settings import ASYNCIO_POOL

#: What can be ended when its time is up: every call, one that lets others run meanwhile, or none.
Ends: TypeAlias = Literal["all", "waiting", "none"]


@dataclass(frozen=True, slots=True)
class Pool:
    """One way of executing tasks in a Celery worker."""

    name: str
    #: What `celery worker --pool` calls it.
    celery_name: str
    #: What a slot is made of.
    slot: str
    #: Whether `--concurrency` means anything to it.
    scales: bool = True
    #: Packages without which it cannot run.
    requires: tuple[str, ...] = ()
    #: Which calls of a user's function it can end when their time is up (see `worker.call`).
    ends: Ends = "none"
    #: Environment variables that the worker process needs.
    environment: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))

    @property
    def queue(self) -> str:
        """The queue that workers with this pool consume, unless they are told another."""
        return f"simul.{self.name}"

    def unavailable(self) -> str | None:
        """Say why this pool cannot run here; return None where it can."""
        return missing_package(self.requires)


_ROWS = (
    Pool("solo", "solo", "the worker itself", scales=False, ends="all"),
    Pool("prefork", "prefork", "process", ends="all"),
    Pool("threads", "threads", "thread"),
    Pool("gevent", "gevent", "greenlet", requires=("gevent",), ends="waiting"),
    Pool("eventlet", "eventlet", "greenlet", requires=("eventlet",), ends="waiting"),
    Pool(
        "asyncio",
        "custom",
        "coroutine",
        requires=("greenlet", "aiofiles"),
        ends="waiting",
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


def missing_package(names: Iterable[str]) -> str | None:
    """Say which of these packages is not installed for this Python; None where all are."""
    missing = next((name for name in names if importlib.util.find_spec(name) is None), None)
    return f"the package {missing} is not installed for this Python" if missing else None


def runs_on_event_loop(implementation: type) -> bool:
    """Tell whether Celery's implementation of a pool is the asyncio pool, or derived from it."""
    package, _, _ = ASYNCIO_POOL.partition(":")  # not imported here: it is for those who run on it
    return any(f"{base.__module__}.".startswith(f"{package}.") for base in implementation.__mro__)
