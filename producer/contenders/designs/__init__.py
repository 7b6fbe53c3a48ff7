"""The designs: ways of running jobs in processes of this machine, with no broker.

Each has a module of its own, to be read side by side, and a row in the table below.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from worker.pools import Ends


@dataclass(frozen=True, slots=True)
class Design:
    """One way of running jobs in this machine's own processes, with no broker."""

    name: str
    #: The module beside this one that runs it; it offers what `child.DesignModule` says.
    module: str
    #: What a slot is made of.
    slot: str
    scales: bool = True
    #: Which calls of a user's function it can end when their time is up (see `worker.call`).
    ends: Ends = "none"
    #: Packages without which it cannot run.
    requires: tuple[str, ...] = ()


_DESIGNS = (
    Design("serial", "serial", "the process itself", scales=False, ends="all"),
    Design("threads", "threads", "thread"),
    Design("asyncio", "coroutines", "coroutine", ends="waiting", requires=("aiofiles",)),
    Design("asyncio+threads", "coroutines_threads", "coroutine", requires=("aiofiles",)),
    Design("processes", "processes", "process", ends="all"),
    Design("interpreters", "interpreters", "interpreter"),
)
DESIGNS: Mapping[str, Design] = MappingProxyType({design.name: design for design in _DESIGNS})
