"""How a contender is named, and the slots that it has by default."""

from __future__ import annotations

import math
import re
import sys
from dataclasses import dataclass

from producer.contender_name import CELERY, ContenderName, way_of
from producer.contenders.designs import DESIGNS, Design
from producer.contenders.pool_options import (
    POOL_OPTIONS,
    Options,
    most_slots,
    read_options,
)
from producer.ranges import MAX_SLOTS, MAX_WORKERS
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
#: The kinds of slots that can use a core each: one for each core is what makes sense.
_HEAVY = ("process", "interpreter")


@dataclass(frozen=True, slots=True)
class Spec:
    """A contender as the user names it."""

    #: "threads" or "celery:gevent".
    way: str
    #: Slots of one worker (or of the design).
    slots: int
    #: Workers on the queue.
    workers: int = 1
    #: The Python it runs under; None is the lab's own.
    python: Python | None = None
    #: What else was chosen of the workers (see `pool_options`).
    options: Options = ()

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
        return ContenderName(self.way, slots, self.workers, self.options, label)

    def option(self, name: str) -> str | None:
        """Return the value of an option; None where it was not chosen."""
        return dict(self.options).get(name)

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
        UnknownNameError: no such contender, no such number of slots or workers, or no such option.
    """
    name = parse_name(text.strip())
    slots = default_slots(name.way, workload) if name.slots is None else name.slots
    return Spec(name.way, slots, name.workers, options=name.options)


def parse_name(text: str) -> ContenderName:
    """Read the name of a contender that can be asked for; its slots are None where nothing says how many.

    Raises:
        UnknownNameError: no such contender, no such number of slots or workers, or no such option.
    """
    way = way_of(text)
    if way not in ways():
        raise UnknownNameError(f"no contender is called {way!r}; there are: {', '.join(ways())}")
    numbers, *options = text.removeprefix(way).split("/")
    slots, workers = _parse_numbers(way, numbers, text)
    celery_pool = ContenderName(way).celery_pool
    if celery_pool is None:
        if options:
            raise UnknownNameError(
                f"{text!r}: {way} is a design; options ({', '.join(POOL_OPTIONS)}) are of Celery pools"
            )
        return ContenderName(way, slots)
    try:
        chosen = read_options(celery_pool, options)
    except UnknownNameError as error:
        raise UnknownNameError(f"{text!r}: {error}") from None
    most = most_slots(chosen)
    if most and slots not in (None, most):
        raise UnknownNameError(
            f"{text!r}: with autoscale the slots are its most: write @{most}, or no number"
        )
    return ContenderName(way, most or slots, workers, chosen)


def _parse_numbers(way: str, numbers: str, text: str) -> tuple[int | None, int]:
    """Read the slots and the workers of "@4x2"; of nothing there are no slots, and one worker."""
    if not numbers:
        return None, 1
    match = re.fullmatch(r"@([1-9][0-9]{0,8})(?:x([0-9]{1,9}))?", numbers)
    if not match and not numbers.startswith("@"):
        raise UnknownNameError(f"{text!r}: behind {way} stand its slots (@4), its workers (@4x2) and options")
    several = match is not None and match[2] is not None
    if several and not way.startswith(CELERY):
        raise UnknownNameError(f"{text!r}: {way} is a design, which has no workers: write its slots alone")
    if not scales(way) and not (several and match and match[1] == "1"):
        more = f", or {way}@1x4 for four workers" if way.startswith(CELERY) else ""
        raise UnknownNameError(f"{way} has one slot: write {way!r} without {numbers}{more}")
    if not match or int(match[1]) > MAX_SLOTS:
        raise UnknownNameError(f"{text!r}: the slots after @ are a number from 1 to {MAX_SLOTS:,}")
    workers = int(match[2] or 1)
    if not 1 <= workers <= MAX_WORKERS:
        raise UnknownNameError(f"{text!r}: the workers after x are a number from 1 to {MAX_WORKERS}")
    return int(match[1]), workers


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
