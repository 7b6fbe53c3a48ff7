"""Describes another Python that contenders can run under, and what it lacks.

How its environment is made stands in `environments`. This module is imported under every Python, and
imports nothing that is not standard or simul's own.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from producer.contender_name import ContenderName
from producer.system.gil import Gil

#: The packages without which no contender can run, and those without which no Celery pool can.
BASE = ("chess",)
FOR_CELERY = ("celery", "kombu", "redis", "msgspec")
#: The first version with `concurrent.futures.InterpreterPoolExecutor`.
SUBINTERPRETERS = (3, 14)


@dataclass(frozen=True, slots=True)
class Python:
    """A Python with an environment of its own."""

    #: What tables call it: "3.13t".
    label: str
    #: The Python of its environment.
    executable: str
    #: "CPython 3.13.5".
    python: str
    version: tuple[int, int]
    free_threaded_build: bool
    #: The GIL around the imports that a kind of contender needs: "designs", "celery", "celery:eventlet", ...
    gil: dict[str, Gil] = field(hash=False)
    #: Why a package is not in its environment.
    missing: dict[str, str] = field(hash=False)

    def unavailable(self, way: str, requires: Sequence[str]) -> str | None:
        """Say why a way that requires these packages cannot run under it; None where it can."""
        if way == "interpreters" and self.version < SUBINTERPRETERS:
            return f"subinterpreter pools came with Python 3.14; this is {self.python}"
        needed = (*BASE, *(FOR_CELERY if ContenderName(way).is_celery else ()), *requires)
        return next((self.missing[name] for name in needed if name in self.missing), None)

    def gil_of(self, way: str) -> Gil | None:
        """Tell of the GIL as such a contender has it; None where that is unknown."""
        if not ContenderName(way).is_celery:
            return self.gil.get("designs")
        return self.gil.get(way) or self.gil.get("celery")
