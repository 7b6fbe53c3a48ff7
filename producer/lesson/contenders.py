"""The contenders of a lesson: few, and such that its questions can be answered."""

from __future__ import annotations

from typing import Literal, TypeAlias, get_args

from producer.contender_name import CELERY
from producer.contenders.parsing import parse
from producer.contenders.spec import Spec
from producer.contenders.ways import executor_of
from producer.words import counted
from producer.workloads import Workload

#: The Celery pools that can have few slots and many.
SlotsPool: TypeAlias = Literal["threads", "prefork", "gevent", "eventlet", "asyncio"]
POOLS: tuple[SlotsPool, ...] = get_args(SlotsPool)
#: How many slots a Celery worker has, once few and once many.
FEW, MANY = 2, 32
#: What is compared without a broker: what everything is held against first.
DESIGNS = ("serial", "threads", "asyncio", "processes")


def choose_contenders(workload: Workload, pool: SlotsPool = POOLS[0]) -> list[Spec]:
    """List the contenders of a lesson on a workload: serial, three designs, and a Celery pool twice."""
    return [parse(text, workload) for text in (*DESIGNS, *(name_pool(pool, slots) for slots in (FEW, MANY)))]


def name_pool(pool: SlotsPool, slots: int) -> str:
    """Name a Celery worker of that pool, with so many slots."""
    return f"{CELERY}{pool}@{slots}"


def explain(spec: Spec) -> str:
    """Say in a few words what a contender is."""
    if spec.way == "serial":
        return "one job after the other"
    slot = executor_of(spec.way).slot
    slots = counted(spec.slots, slot, "processes" if slot == "process" else None)
    if spec.celery_pool:
        return f"a Celery worker with {slots}; each job is a message"
    return slots if slot == "process" else f"{slots} of one process"
