"""How a contender is named, and the slots that it has where nobody says."""

from __future__ import annotations

import importlib.util
import sys
from dataclasses import dataclass

from producer.contenders.designs import DESIGNS
from producer.system.interpreter import SUBINTERPRETERS, Interpreter
from producer.system.machine import cores
from producer.workloads import Workload
from worker.errors import UnknownNameError
from worker.pools import POOLS, pool

#: Slots of a contender whose slots are light, on work that waits.
LIGHT_SLOTS = 32


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


def _scales(way: str) -> bool:
    name = way.removeprefix("celery:")
    return pool(name).scales if way.startswith("celery:") else DESIGNS[name].scales


def _slot(way: str) -> str:
    name = way.removeprefix("celery:")
    return pool(name).slot if way.startswith("celery:") else DESIGNS[name].slot
