"""The designs: ways of running jobs in processes of this machine, with no broker."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType


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
