"""The contenders: every way of having jobs done, under one protocol.

A contender is written `threads@8` or `celery:gevent@100`: a design in this machine's own processes, or
a pool in a Celery worker, and its slots. What each is made of stands in the modules beside this one.
"""

from __future__ import annotations

import importlib.util
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Protocol

from producer.system.interpreter import SUBINTERPRETERS, Interpreter
from producer.workloads import Workload
from worker.errors import UnknownNameError
from worker.jobs import Job
from worker.pools import POOLS, pool
from worker.records import JobRecord

#: Slots of a contender whose slots are light, on work that waits.
LIGHT_SLOTS = 32


@dataclass(frozen=True, slots=True)
class Design:
    """One way of running jobs in this machine's own processes, with no broker."""

    name: str
    #: What a slot is made of.
    slot: str
    scales: bool = True


_DESIGNS = (
    Design("serial", "the process itself", scales=False),
    Design("threads", "thread"),
    Design("asyncio", "coroutine"),
    Design("asyncio+threads", "coroutine"),
    Design("processes", "process"),
    Design("interpreters", "interpreter"),
)
DESIGNS: Mapping[str, Design] = MappingProxyType({design.name: design for design in _DESIGNS})

#: Slots that take part in using more than one core: one for each core is what makes sense.
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
    interpreter: Interpreter | None = None

    @property
    def total_slots(self) -> int:
        """Jobs that can run at the same time."""
        return self.slots * self.workers

    @property
    def celery_pool(self) -> str | None:
        """The Celery pool, or None for a design in this machine's own processes."""
        prefix, _, name = self.way.partition(":")
        return name if prefix == "celery" else None

    @property
    def name(self) -> str:
        """The name in tables and results; several workers are written workers x slots."""
        slots = f"{self.workers}x{self.slots}" if self.workers > 1 else str(self.slots)
        many = self.workers > 1 or _scales(self.way)
        under = f" [{self.interpreter.label}]" if self.interpreter else ""
        return (f"{self.way}@{slots}" if many else self.way) + under

    @property
    def python(self) -> str:
        """The Python to start it with."""
        return self.interpreter.executable if self.interpreter else sys.executable

    def unavailable(self) -> str | None:
        """Why this contender cannot run here, or None."""
        if self.interpreter:
            return self.interpreter.unavailable(self.way)
        if self.celery_pool:
            return pool(self.celery_pool).unavailable()
        if self.way == "interpreters" and sys.version_info < SUBINTERPRETERS:
            return (
                "concurrent.futures.InterpreterPoolExecutor came with Python 3.14; "
                f"this is {sys.version_info.major}.{sys.version_info.minor}"
            )
        if self.way.startswith("asyncio") and importlib.util.find_spec("aiofiles") is None:
            return "the package aiofiles is not installed for this Python"
        return None


@dataclass(slots=True)
class Outcome:
    """What one pass of a contender over the jobs left behind."""

    records: list[JobRecord]
    #: Slots and workers as found while running; asked, never assumed.
    slots: int
    workers: int = 1
    #: Why the pass is invalid, in words; empty where it is valid.
    problems: list[str] = field(default_factory=list)
    #: Records beyond the first of a job.
    duplicates: int = 0
    #: The longest that an event loop stood still, in seconds; None where there is none.
    loop_stall_s: float | None = None
    #: Whether times came from hosts with clocks of their own, corrected by the broker's.
    clocks_corrected: bool = False
    #: Whether the process that did the jobs had a GIL at the end; None where nobody could ask.
    gil: bool | None = None
    #: The class of the workers' event loop, as they name it ("uvloop.Loop"); None where there is none.
    event_loop: str | None = None


#: Called with the number of jobs done so far.
Progress = Callable[[int], None]


class Contender(Protocol):
    """Starts its slots, runs job lists, and stops. One at a time; nothing is shared between two."""

    spec: Spec

    def start(self) -> None:
        """Start the slots and warm each up.

        Raises:
            ContenderError: it did not become ready.
        """

    def run(self, jobs: Sequence[Job], progress: Progress) -> Outcome:
        """Have the jobs done. Trouble on the way is in the outcome's `problems`, never an exception."""

    def processes(self) -> list[int]:
        """The roots of the process trees that do the jobs; empty where they are out of sight."""

    def alive(self) -> bool:
        """Whether it can run again."""

    def stop(self) -> None:
        """End everything that was started. Safe to call at any time, and twice."""


def ways() -> list[str]:
    """Every way a contender can be named, designs first."""
    return [*DESIGNS, *(f"celery:{name}" for name in POOLS)]


def parse(text: str, workload: Workload) -> Spec:
    """The contender that `text` names, with the slots that suit the workload where it gives none.

    Raises:
        UnknownNameError: no such contender, or no such number of slots.
    """
    way, at, _ = text.strip().partition("@")
    if not at and way in ways():
        return Spec(way, default_slots(way, workload))
    return _parsed(text.strip())


def _parsed(text: str) -> Spec:
    way, at, number = text.partition("@")
    if way not in ways():
        raise UnknownNameError(f"no contender is called {way!r}; there are: {', '.join(ways())}")
    if not at:
        return Spec(way, 1)
    if not _scales(way):
        raise UnknownNameError(f"{way} has one slot: write {way!r} without @{number}")
    if not number.isascii() or not number.isdigit() or not 1 <= int(number) <= 10_000:
        raise UnknownNameError(f"{text!r}: the slots after @ are a number from 1 to 10,000")
    return Spec(way, int(number))


def swept(ways_: str, concurrency: str) -> list[Spec]:
    """Each of the ways at each of the concurrencies, both by commas; what has one slot, once.

    Raises:
        UnknownNameError: no such contender, or no such number of slots.
    """
    numbers = [number.strip() for number in concurrency.split(",") if number.strip()]
    found: dict[Spec, None] = {}
    for way in (part.strip() for part in ways_.split(",") if part.strip()):
        if "@" in way:
            raise UnknownNameError(f"{way!r}: in a sweep the slots come from --concurrency, not after @")
        for number in numbers:
            found[_parsed(f"{way}@{number}" if way not in ways() or _scales(way) else way)] = None
    return sorted(found, key=lambda spec: (spec.way, spec.slots))


def default_slots(way: str, workload: Workload) -> int:
    """As many slots as a sensible person would give this contender for this workload."""
    if not _scales(way):
        return 1
    if _slot(way) in _HEAVY or workload.bound == "cores":
        return cores()
    return LIGHT_SLOTS


def sensible(workload: Workload) -> list[Spec]:
    """The contenders that a comparison has where nobody names any."""
    left_out = set() if workload.bound == "cores" else {"asyncio+threads"}
    return [Spec(way, default_slots(way, workload)) for way in ways() if way not in left_out]


def cores() -> int:
    """Cores that this process may use."""
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:  # not Linux
        return os.cpu_count() or 1


def _scales(way: str) -> bool:
    name = way.removeprefix("celery:")
    return pool(name).scales if way.startswith("celery:") else DESIGNS[name].scales


def _slot(way: str) -> str:
    name = way.removeprefix("celery:")
    return pool(name).slot if way.startswith("celery:") else DESIGNS[name].slot
