"""A contender's name as a value: it is kept by its parts, written in one way, and read back from that."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Literal, TypeAlias

#: What begins the name of a way through Celery.
CELERY = "celery:"
#: Other task queues than Celery: the ways that are theirs (see `contenders.peers`).
PEERS = ("dramatiq", "taskiq", "huey", "rq", "streaq", "saq")
#: What the contenders of a sweep differ in: slots, workers, or an option whose value is a number.
Axis: TypeAlias = Literal["slots", "workers", "prefetch", "max-tasks-per-child"]
#: Of no use to anybody, and slow to take apart.
LONGEST_NAME = 300
#: A flag has no value.
_OPTION = r"/[A-Za-z_-]+(=[^/=\s\[\]]+)?"
_FORM = re.compile(
    rf"(?P<way>[^@]+?)(@(?P<slots>[1-9][0-9]{{0,8}})(x(?P<workers>[1-9][0-9]{{0,8}}))?)?"
    rf"(?P<options>({_OPTION})*)( \[(?P<python>[^\[\]]+)\])?",
    re.DOTALL,
)


def way_of(text: str) -> str:
    """Return the way that a text begins with, whatever follows: "threads" of "threads@many"."""
    return re.split(r"[@/ ]", text, maxsplit=1)[0]


@dataclass(frozen=True, slots=True)
class ContenderName:
    """How jobs are run: `threads@8 [3.13t]`, `celery:prefork@4x2/prefetch=1/ofair` (two workers of four)."""

    #: "threads" or "celery:gevent".
    way: str
    #: Slots of the design, or of one worker; None where there is one and nobody can have more.
    slots: int | None = None
    workers: int = 1
    #: What else was chosen, a name and its value each; the value of a flag is empty.
    options: tuple[tuple[str, str], ...] = ()
    #: The label of the Python it ran under; empty for the lab's own.
    python: str = ""

    @classmethod
    def parse(cls, text: str) -> ContenderName:
        """Read a name that `str` has written.

        Raises:
            ValueError: the text has another form.
        """
        match = _FORM.fullmatch(text) if len(text) <= LONGEST_NAME else None
        if match is None:
            raise ValueError(f"{text!r} is no name of a contender: write threads@8 or celery:gevent@100")
        options = match["options"].split("/")[1:]
        return cls(
            match["way"],
            int(match["slots"]) if match["slots"] else None,
            int(match["workers"] or 1),
            tuple((name, value) for name, _, value in (option.partition("=") for option in options)),
            match["python"] or "",
        )

    def __str__(self) -> str:
        """The name as users write and read it."""
        parts = [self.way]
        if self.slots is not None:
            parts.append(f"@{self.slots}" + (f"x{self.workers}" if self.workers > 1 else ""))
        parts += [f"/{name}={value}" if value else f"/{name}" for name, value in self.options]
        if self.python:
            parts.append(f" [{self.python}]")
        return "".join(parts)

    @property
    def celery_pool(self) -> str | None:
        """The Celery pool, or None for a design in this machine's own processes."""
        return self.way.removeprefix(CELERY) if self.way.startswith(CELERY) else None

    @property
    def is_celery(self) -> bool:
        """Whether its jobs go through Celery."""
        return self.celery_pool is not None

    @property
    def is_peer(self) -> bool:
        """Whether its jobs go through another task queue than Celery."""
        return self.way in PEERS

    @property
    def through_broker(self) -> bool:
        """Whether its jobs go through a broker, and do not stay in this machine's own processes."""
        return self.is_celery or self.is_peer

    def without_slots(self) -> ContenderName:
        """The same way under the same Python, whatever its slots."""
        return replace(self, slots=None, workers=1)
