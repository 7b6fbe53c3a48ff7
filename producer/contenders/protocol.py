"""What every contender can do: start its slots, run job lists, and stop."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence, Set
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from producer.contenders.designs.stalls import Stall
from producer.contenders.spec import Spec
from producer.system.usage import Usage
from worker.jobs import Job
from worker.records import JobRecord

if TYPE_CHECKING:
    from producer.contenders.exchange import Publish
    from producer.contenders.sender import Sender


@dataclass(slots=True)
class Outcome:
    """What one pass of a contender over the jobs left behind."""

    records: Collection[JobRecord]
    #: Slots and workers as found while running; asked, never assumed.
    slots: int
    workers: int = 1
    #: Who did jobs, as their records say: "host/pid".
    names: Set[str] = frozenset()
    #: The worker, counted from 0, that each "host/pid" belongs to; empty where nobody can tell.
    belongs: dict[str, int] = field(default_factory=dict)
    #: Why the pass is invalid, in words; empty where it is valid.
    problems: list[str] = field(default_factory=list)
    #: Records beyond the first of a job.
    duplicates: int = 0
    #: The longest that an event loop stood still, in seconds; None where there is none.
    loop_stall_s: float | None = None
    #: The longest of the stalls that are worth mentioning, in the order in which they began.
    loop_stalls: Sequence[Stall] = ()
    #: Whether times came from hosts with clocks of their own, corrected by the broker's.
    clocks_corrected: bool = False
    #: Whether the process that did the jobs had a GIL at the end; None where nobody could ask.
    gil: bool | None = None
    #: The class of the workers' event loop, as they name it ("uvloop.Loop"); None where there is none.
    event_loop: str | None = None
    #: What the workers say they used; None where `processes` are looked at instead.
    used: Usage | None = None


#: Called with the number of jobs done so far.
Progress = Callable[[int], None]


class Contender(Protocol):
    """Starts its slots, runs job lists one at a time, and stops. Contenders share nothing."""

    spec: Spec

    @property
    def queue(self) -> str | None:
        """The queue that its workers consume; None where it has none, or is not started."""

    def start(self) -> None:
        """Start the slots and warm each up.

        Raises:
            ContenderError: it did not become ready.
        """

    def break_off(self) -> None:
        """Have a `start` in another thread fail soon. It is called again until that is so."""

    def run(self, jobs: Sequence[Job], progress: Progress) -> Outcome:
        """Have the jobs done. Trouble on the way is in the outcome's `problems`, never an exception."""

    def processes(self) -> list[int]:
        """The roots of the process trees that do the jobs; empty where they are out of sight."""

    def alive(self) -> bool:
        """Whether it can run again."""

    def stop(self) -> None:
        """End everything that was started. Safe to call at any time, and twice."""


class QueueContender(Contender, Protocol):
    """A contender whose jobs go through a queue: they can be sent in several ways."""

    @property
    def sender(self) -> Sender:
        """What sends to its queue from a process of its own."""

    def run_sent(self, publish: Publish, jobs: Sequence[Job], progress: Progress) -> Outcome:
        """Have jobs done as `run` does, which `publish` sends."""
