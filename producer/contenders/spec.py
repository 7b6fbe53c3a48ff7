"""How a contender is named, and the slots that it has by default."""

from __future__ import annotations

import math
import sys
from dataclasses import dataclass

from producer.contender_name import CELERY, ContenderName, way_of
from producer.contenders.designs import DESIGNS, Design
from producer.system.machine import cores
from producer.system.pythons import SUBINTERPRETERS, Python
from producer.workloads import Workload
from producer.workloads.job_facts import JobFacts
from worker.errors import UnknownNameError
from worker.pools import POOLS, Ends, Pool, missing_package, pool

#: The default slots of a contender with light slots, on work that waits.
LIGHT_SLOTS = 32
#: The most of them on a function of the user's, however much of its time it waits.
MOST_LIGHT_SLOTS = 100
#: The slots of a second prefork worker on a function that waits: as who has no other pool would give it.
PREFORK_SLOTS = 16
#: The most slots that one worker or design is asked for.
MAX_SLOTS = 10_000
#: The kinds of slots that can use a core each: one for each core is what makes sense.
_HEAVY = ("process", "interpreter")


@dataclass(frozen=True, slots=True)
class Spec:
    """A contender as the user names it."""

    #: "threads" or "celery:gevent".
    way: str
    #: Slots of one worker (or of the design).
    slots: int
    #: Workers on the queue; more than one only where others started them.
    workers: int = 1
    #: The Python it runs under; None is the lab's own.
    python: Python | None = None

    @property
    def total_slots(self) -> int:
        """Jobs that can run at the same time."""
        return self.slots * self.workers

    @property
    def celery_pool(self) -> str | None:
        """The Celery pool, or None for a design in this machine's own processes."""
        return ContenderName(self.way).celery_pool

    @property
    def name(self) -> ContenderName:
        """The name in tables and results."""
        slots = self.slots if self.workers > 1 or scales(self.way) else None
        label = self.python.label if self.python else ""
        return ContenderName(self.way, slots, self.workers, python=label)

    @property
    def executable(self) -> str:
        """The Python to start it with."""
        return self.python.executable if self.python else sys.executable

    def unavailable(self) -> str | None:
        """Why this contender cannot run here, or None."""
        if self.python:
            return self.python.unavailable(self.way, _executor(self.way).requires)
        if self.celery_pool:
            return pool(self.celery_pool).unavailable()
        if self.way == "interpreters" and sys.version_info < SUBINTERPRETERS:
            return (
                "concurrent.futures.InterpreterPoolExecutor came with Python 3.14; "
                f"this is {sys.version_info.major}.{sys.version_info.minor}"
            )
        return missing_package(_executor(self.way).requires)


def ways() -> list[str]:
    """List every way a contender can be named, designs first."""
    return [*DESIGNS, *(f"{CELERY}{name}" for name in POOLS)]


def unfit(spec: Spec, workload: Workload) -> str | None:
    """Say why a contender cannot do these jobs, as one measured alone has shown; None where it can."""
    facts = workload.facts
    if facts and facts.fork_trouble and spec.celery_pool == "prefork":
        return (
            "prefork forks its processes after the function's module was imported, and the function does not "
            f"survive that: {facts.fork_trouble}"
        )
    return None


def ends(way: str, has_async: bool) -> Ends:
    """Tell which calls of a user's function a way can end when their time is up.

    Event loops call one that has no async twin in a thread, which nobody can end.
    """
    executor = _executor(way)
    return executor.ends if has_async or not is_event_loop(way) else "none"


def is_event_loop(way: str) -> bool:
    """Tell whether its slots are coroutines."""
    return _executor(way).slot == "coroutine"


def scales(way: str) -> bool:
    """Tell whether a way can have more slots than one."""
    return _executor(way).scales


def parse(text: str, workload: Workload) -> Spec:
    """Read the contender that `text` names; where it gives no slots, they suit the workload.

    Raises:
        UnknownNameError: no such contender, or no such number of slots.
    """
    name = _parse(text.strip())
    slots = default_slots(name.way, workload) if name.slots is None else name.slots
    return Spec(name.way, slots)


def _parse(text: str) -> ContenderName:
    way = way_of(text)
    if way not in ways():
        raise UnknownNameError(f"no contender is called {way!r}; there are: {', '.join(ways())}")
    rest = text.removeprefix(way)
    if rest.startswith("@") and not scales(way):
        raise UnknownNameError(f"{way} has one slot: write {way!r} without {rest}")
    try:
        name = ContenderName.parse(text)
    except ValueError:
        name = None
    if rest.startswith("@") and (name is None or name.slots is None or name.slots > MAX_SLOTS):
        raise UnknownNameError(f"{text!r}: the slots after @ are a number from 1 to {MAX_SLOTS:,}")
    if name is None or name != ContenderName(way, name.slots):
        raise UnknownNameError(f"{text!r}: a contender is asked for by its way and its slots alone")
    return name


def specs_of_sweep(ways_: str, concurrency: str) -> list[Spec]:
    """List every way at every concurrency (both separated by commas); a way of one slot only once.

    Raises:
        UnknownNameError: no such contender, or no such number of slots.
    """
    numbers = [number.strip() for number in concurrency.split(",") if number.strip()]
    specs: dict[Spec, None] = {}
    for way in (part.strip() for part in ways_.split(",") if part.strip()):
        if way_of(way) != way:
            raise UnknownNameError(f"{way!r}: in a sweep the slots come from --concurrency, not after @")
        for number in numbers:
            name = _parse(f"{way}@{number}" if way not in ways() or scales(way) else way)
            specs[Spec(name.way, name.slots or 1)] = None
    return sorted(specs, key=lambda spec: (spec.way, spec.slots))


def default_slots(way: str, workload: Workload) -> int:
    """Return as many slots as a sensible person would give this contender for this workload."""
    executor = _executor(way)
    if not executor.scales:
        return 1
    if executor.slot in _HEAVY or workload.bound == "cores":
        return cores()
    return LIGHT_SLOTS if workload.facts is None else _slots_to_keep_busy(workload.facts)


def _slots_to_keep_busy(facts: JobFacts) -> int:
    """As many slots of a job that waits as keep every core busy: a round number."""
    busy = max(1 - facts.waiting, 0.001)
    wanted = min(MOST_LIGHT_SLOTS, math.ceil(cores() / busy))
    return next(number for number in (2, 5, 10, 20, 50, MOST_LIGHT_SLOTS) if number >= wanted)


def sensible(workload: Workload) -> list[Spec]:
    """List the contenders of a comparison that names none."""
    left_out = set() if workload.bound == "cores" else {"asyncio+threads"}
    if workload.facts and not workload.facts.has_async:
        left_out.add("asyncio+threads")  # there is nothing that asyncio itself could await
    chosen = [Spec(way, default_slots(way, workload)) for way in ways() if way not in left_out]
    if workload.facts and workload.bound == "waiting":
        chosen.append(Spec(f"{CELERY}prefork", PREFORK_SLOTS))
    return list(dict.fromkeys(chosen))


def _executor(way: str) -> Design | Pool:
    """Find the design or the pool that executes the jobs of a way."""
    name = ContenderName(way).celery_pool
    return DESIGNS[way] if name is None else pool(name)
