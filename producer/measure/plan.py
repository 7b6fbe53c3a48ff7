"""Says what to compare: workloads, contenders, rounds, and where the result goes."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal

from producer.contender_name import Axis
from producer.contenders.arrivals import Offer
from producer.contenders.spec import Spec
from producer.ranges import MAX_CONTENDERS, MAX_COUNT, MAX_INTEGER, MAX_RECORDS
from producer.results import Prediction
from producer.system.pythons import Python
from producer.workloads import Workload
from worker.errors import InvalidJobError, UnavailableError
from worker.settings import TRANSPORTS
from worker.target import variables


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What to compare."""

    workloads: Sequence[Workload]
    #: The contenders of each workload, by its name.
    contenders: Mapping[str, Sequence[Spec]]
    rounds: int
    seed: int
    chunk: int
    data_root: Path
    #: Where the result goes, never an existing file; None for a new one in `results`.
    out: Path | None
    #: Your broker, or None for the embedded one.
    broker_url: str | None = field(default=None, repr=False)  # it may hold a password
    #: Whether somebody else has started the Celery workers.
    external: bool = False
    #: Host names: as many of those workers are waited for as these have addresses.
    awaited: Sequence[str] = ()
    #: What carries messages to the workers that are started, one of `TRANSPORTS`.
    transport: str = TRANSPORTS[0]
    kind: Literal["comparison", "sweep", "load", "queues"] = "comparison"
    #: The rates at which the jobs of a load arrive; empty where all are sent at once.
    offers: Sequence[Offer] = ()
    #: What the contenders of a sweep differ in.
    axis: Axis = "slots"
    #: The Pythons that the contenders run under; empty where it is the lab's own.
    pythons: Sequence[Python] = ()
    #: Seconds that a job may take; None for what the environment says.
    job_limit_s: float | None = None
    #: What somebody expects of it.
    predictions: Sequence[Prediction] = ()

    def __post_init__(self) -> None:
        if abs(self.seed) > MAX_INTEGER:
            raise InvalidJobError(f"a seed has up to {MAX_INTEGER.bit_length()} bits (--seed)")
        if self.chunk > MAX_COUNT:
            raise InvalidJobError(f"a job has up to {MAX_COUNT:,} files (--chunk)")
        if (most := max(map(len, self.contenders.values()), default=0)) > MAX_CONTENDERS:
            raise InvalidJobError(
                f"a workload has up to {MAX_CONTENDERS:,} contenders, not {most:,} (--with)"
            )
        if self.external and (chosen := next((spec for spec in self._specs() if spec.options), None)):
            raise UnavailableError(
                f"{chosen.name}: options are for workers that simul starts, not for external ones: who "
                "starts those chooses, as in `simul worker --prefetch 1 --acks early`"
            )
        if self.external and (peer := next((spec for spec in self._specs() if spec.name.is_peer), None)):
            raise UnavailableError(
                f"{peer.name} is a peer, whose worker simul starts itself: leave it out, or --workers "
                "external"
            )
        if (records := self._records()) > MAX_RECORDS:
            fewer = "rates, seconds" if self.offers else "--jobs"
            raise InvalidJobError(
                f"a result holds up to {MAX_RECORDS:,} records, and this {self.kind} would leave {records:,}"
                f": ask for fewer {fewer}, --rounds or contenders"
            )
        design = next((spec for spec in self._specs() if not spec.name.through_broker), None)
        if (self.offers or self.kind == "queues") and design:
            raise UnavailableError(
                f"{design.name} has no queue at which jobs could arrive (--with): name Celery pools or peers"
            )

    @property
    def variables(self) -> dict[str, str]:
        """What every process that does jobs needs in its environment."""
        target = next((workload.target for workload in self.workloads if workload.target), None)
        return variables(target, self.job_limit_s)

    @property
    def executable(self) -> str:
        """The Python that works the right answers out: the lab's own, or the first of those that are compared
        where a user's function may be found nowhere else.
        """
        own_jobs = any(workload.target for workload in self.workloads)
        return self.pythons[0].executable if own_jobs and self.pythons else sys.executable

    @property
    def transports(self) -> Set[str]:
        """What carries messages to the workers that the lab starts; nothing where it starts none."""
        if self.external:
            return frozenset()
        return {spec.option("transport") or self.transport for spec in self._specs() if spec.celery_pool}

    def _records(self) -> int:
        arriving = sum(offer.rate * offer.for_s + offer.burst for offer in self.offers)
        return round(
            sum(
                len(self.contenders[workload.name]) * self.rounds * (arriving or len(workload.jobs))
                for workload in self.workloads
            )
        )

    def _specs(self) -> Iterator[Spec]:
        return (spec for specs in self.contenders.values() for spec in specs)

    def under(self, pythons: Sequence[Python]) -> Plan:
        """Make the same plan with each contender under each of these Pythons; unchanged without any.

        Raises:
            UnavailableError: somebody else started the workers, and chose their Python.
        """
        if not pythons:
            return self
        if self.external:
            raise UnavailableError("--python is for workers that simul starts, not for external ones")
        contenders = {
            name: [replace(spec, python=python) for python in pythons for spec in specs]
            for name, specs in self.contenders.items()
        }
        return replace(self, contenders=contenders, pythons=pythons)
