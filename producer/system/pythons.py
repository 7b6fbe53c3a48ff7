"""Describes another Python that contenders can run under, and what it lacks.

How its environment is made stands in `environments`. This module is imported under every Python, and
imports nothing that is not standard or simul's own.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType

from producer.contender_name import ContenderName
from producer.system.gil import Gil
from worker.settings import TRANSPORTS

#: The packages without which no contender can run, and those without which no Celery pool can.
BASE = ("chess",)
#: kombu's Redis transport imports packaging, and asks for it by an extra only.
FOR_CELERY = ("celery", "kombu", "redis", "packaging")
#: A package that a worker does without where there is no build of it, and what that means.
STANDS_IN = MappingProxyType(
    {"msgspec": "workers check messages in Python instead, some 30 µs more for each"}
)
#: The first version with `concurrent.futures.InterpreterPoolExecutor`.
SUBINTERPRETERS = (3, 14)
#: The oldest versions with which a way, or a transport, was seen to work.
OLDEST: Mapping[str, Mapping[str, str]] = MappingProxyType(
    {
        "celery:asyncio": {"celery": "5.5"},
        "reliable": {"celery": "5.3", "kombu": "5.4", "redis": "5.2"},
        "stock": {"celery": "5.3", "kombu": "5.3", "redis": "4.6"},
    }
)
#: The first kombu whose event loop looks up when another thread calls it (`kombu.asynchronous.hub`).
WAKES = "5.7"


@dataclass(frozen=True, slots=True)
class Python:
    """A Python with an environment of its own."""

    #: What tables call it: "3.13t", or "shop 3.11" where it has the packages of a project.
    label: str
    #: The Python of its environment.
    executable: str
    #: "CPython 3.13.5".
    python: str
    version: tuple[int, int]
    free_threaded_build: bool
    #: The GIL around the imports that a kind of contender needs: "designs", "celery", "celery:eventlet", ...
    gil: dict[str, Gil] = field(hash=False)
    #: Why a package is not in its environment, or why a way cannot run.
    missing: dict[str, str] = field(hash=False)
    #: The user's environment whose packages it has; None where their versions are the lab's.
    project: str | None = None
    #: The versions of Celery and of what carries its messages.
    packages: dict[str, str] = field(default_factory=dict, hash=False)

    def unavailable(self, way: str, requires: Sequence[str]) -> str | None:
        """Say why a way that requires these packages cannot run under it; None where it can."""
        if way == "interpreters" and self.version < SUBINTERPRETERS:
            return f"subinterpreter pools came with Python 3.14; this is {self.python}"
        needed = (*BASE, *(FOR_CELERY if ContenderName(way).is_celery else ()), *requires)
        reasons = (self.missing[name] for name in (*needed, way) if name in self.missing)
        return self.too_old_for(way) or next(reasons, None)

    def too_old_for(self, what: str) -> str | None:
        """Say which package is too old for a way or a transport, and what to do; None where none is."""
        for package, oldest in OLDEST.get(what, {}).items():
            version = self.packages.get(package, oldest)
            if _numbers(version) < _numbers(oldest):
                whose = f"the {what} transport" if what in TRANSPORTS else what
                other = "--transport stock" if what == TRANSPORTS[0] else "another contender"
                where = f" in {self.project}" if self.project else ""
                return (
                    f"{package} {version}{where} is older than {oldest}, the oldest that works with {whose}: "
                    f"upgrade it there, or take {other}"
                )
        return None

    def wakes_for_threads(self) -> bool:
        """Tell whether kombu's event loop looks up at once when a thread has acknowledged a message."""
        return _numbers(self.packages.get("kombu", WAKES)) >= _numbers(WAKES)

    def gil_of(self, way: str) -> Gil | None:
        """Tell of the GIL as such a contender has it; None where that is unknown."""
        if not ContenderName(way).is_celery:
            return self.gil.get("designs")
        return self.gil.get(way) or self.gil.get("celery")


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(number) for number in re.findall(r"\d+", version)[:2])


def distinguish(pythons: Sequence[Python]) -> list[Python]:
    """Give equal labels the whole version; where that is equal too, a number."""
    labels = Counter(python.label for python in pythons)
    seen: Counter[str] = Counter()
    result = []
    for python in pythons:
        label = python.label
        if labels[label] > 1:
            project, space, _ = label.rpartition(" ")
            suffix = "t" if python.free_threaded_build else ""
            label = f"{project}{space}{python.python.partition(' ')[2]}{suffix}"
        seen[label] += 1
        result.append(replace(python, label=f"{label} #{seen[label]}" if seen[label] > 1 else label))
    return result
