"""The ways of running jobs that a contender can take: designs, Celery pools, peers, and what each is like."""

from __future__ import annotations

from producer.contender_name import CELERY, ContenderName
from producer.contenders.designs import DESIGNS, Design
from producer.contenders.peers import PEERS, Peer
from worker.pools import POOLS, Ends, Pool, pool


def ways() -> list[str]:
    """List every way a contender can be named, designs first."""
    return [*DESIGNS, *(f"{CELERY}{name}" for name in POOLS), *PEERS]


def own_ways() -> list[str]:
    """List the ways that are no peers: what a comparison that names nobody chooses from."""
    return [way for way in ways() if way not in PEERS]


def executor_of(way: str) -> Design | Pool | Peer:
    """Find the design, the pool or the peer that executes the jobs of a way."""
    name = ContenderName(way).celery_pool
    if way in PEERS:
        return PEERS[way]
    return DESIGNS[way] if name is None else pool(name)


def ends(way: str, has_async: bool) -> Ends:
    """Tell which calls of a user's function a way can end when their time is up.

    Event loops call one that has no async twin in a thread, which nobody can end.
    """
    executor = executor_of(way)
    return executor.ends if has_async or not is_event_loop(way) else "none"


def is_event_loop(way: str) -> bool:
    """Tell whether its slots are coroutines."""
    return executor_of(way).slot == "coroutine"


def is_greenlets(way: str) -> bool:
    """Tell whether its slots are greenlets."""
    return executor_of(way).slot == "greenlet"


def scales(way: str) -> bool:
    """Tell whether a way can have more slots than one."""
    return executor_of(way).scales
