"""A whole comparison: starts what it needs, measures, saves after every run, stops all it started."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import Literal

from producer import results
from producer.contenders.designs.contender import HostedDesign
from producer.contenders.protocol import Contender
from producer.contenders.spec import Spec
from producer.measure.comparison_lock import turn
from producer.measure.rounds import Measured, Session, Watcher, measure
from producer.measure.started_contenders import Roster
from producer.ranges import MAX_CONTENDERS, MAX_COUNT, MAX_INTEGER, MAX_RECORDS
from producer.results import Result, ResultFile, Run, WorkloadResult
from producer.system import gil, machine
from producer.system.broker import Broker, open_broker, require_transport
from producer.system.interpreter import Interpreter
from producer.system.interrupts import held
from producer.system.reaper import Keeper
from producer.workloads import Workload
from producer.workloads.data_hash import data_hash
from worker.errors import InvalidJobError, UnavailableError
from worker.settings import TRANSPORTS


@dataclass(frozen=True, slots=True)
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
    kind: Literal["comparison", "sweep"] = "comparison"
    #: The Pythons that the contenders run under; empty where it is the lab's own.
    interpreters: Sequence[Interpreter] = ()

    def __post_init__(self) -> None:
        if abs(self.seed) > MAX_INTEGER:
            raise InvalidJobError(f"a seed has up to {MAX_INTEGER.bit_length()} bits (--seed)")
        if self.chunk > MAX_COUNT:
            raise InvalidJobError(f"a job has up to {MAX_COUNT:,} files (--chunk)")
        if (most := max(map(len, self.contenders.values()), default=0)) > MAX_CONTENDERS:
            raise InvalidJobError(
                f"a workload has up to {MAX_CONTENDERS:,} contenders, not {most:,} (--with)"
            )
        runs = (len(self.contenders[one.name]) * self.rounds * len(one.jobs) for one in self.workloads)
        if (records := sum(runs)) > MAX_RECORDS:
            raise InvalidJobError(
                f"a result holds up to {MAX_RECORDS:,} records, and this comparison would leave {records:,}: "
                "ask for fewer --jobs, --rounds or contenders"
            )

    @property
    def starts_workers(self) -> bool:
        """Whether there are Celery workers among the contenders, and the lab starts them."""
        specs = (spec for specs in self.contenders.values() for spec in specs)
        return not self.external and any(spec.celery_pool for spec in specs)

    def under(self, interpreters: Sequence[Interpreter]) -> Plan:
        """The same plan with each contender under each of these Pythons; unchanged where there are none.

        Raises:
            UnavailableError: the workers are somebody else's, and run under whatever they run under.
        """
        if not interpreters:
            return self
        if self.external:
            raise UnavailableError("--python is for workers that simul starts, not for external ones")
        contenders = {
            name: [replace(spec, interpreter=python) for python in interpreters for spec in specs]
            for name, specs in self.contenders.items()
        }
        return replace(self, contenders=contenders, interpreters=interpreters)


def compare(
    plan: Plan, watcher: Watcher, started: Callable[[Result, ResultFile], None] = lambda *_: None
) -> Result:
    """Carry out the plan.

    `started` is given the result as soon as there is one, and its file, so that a caller who is interrupted
    can show what is in it: everything up to the last finished run.

    Raises:
        BrokerUnavailableError: nothing answers at the broker's address, it refuses us, or it is not for the
            transport.
        ResultError: the result cannot be written.
    """
    file = ResultFile(plan.out, "sweep" if plan.kind == "sweep" else "compare")
    with (
        Keeper() as keeper,
        open_broker(plan.broker_url, keeper) as broker,
        turn(broker.url, watcher.queueing) if plan.external else nullcontext(),
    ):
        if not broker.embedded:  # that one is gone, and all that is in it
            keeper.keep_broker(broker.url)
        if plan.starts_workers:
            require_transport(broker.url, plan.transport)
        result = results.begun(plan.rounds, plan.seed, broker.name, broker.version, machine.look())
        result.transport = None if plan.external else plan.transport
        result.kind, result.interpreters = plan.kind, list(plan.interpreters)
        started(result, file)

        def begun(measured: Measured) -> None:
            result.workloads.append(_described(measured, plan))

        def ran(run: Run) -> None:
            with held():  # a run that is shown is saved
                result.runs.append(run)
                result.load_after, result.gil_after = machine.load(), gil.is_on()
                file.add(run)
                file.save(result)

        def carried_by(transport: str) -> None:
            result.transport = transport

        with Roster(_maker(plan, broker, keeper, watcher, carried_by)) as roster:
            session = Session(plan.rounds, plan.seed, plan.data_root, broker, roster, watcher)
            for place, workload in enumerate(plan.workloads):
                measure(workload, plan.contenders[workload.name], session, begun, ran)
                later = plan.workloads[place + 1 :]
                roster.keep({spec for workload in later for spec in plan.contenders[workload.name]})
        result.complete = True
        file.save(result)
    return result


def _maker(
    plan: Plan, broker: Broker, keeper: Keeper, watcher: Watcher, carried_by: Callable[[str], None]
) -> Callable[[Spec], Contender]:
    @cache
    def of_workers() -> Callable[[Spec], Contender]:
        return _maker_of_workers(plan, broker, keeper, watcher, carried_by)

    def make(spec: Spec) -> Contender:
        return of_workers()(spec) if spec.celery_pool else HostedDesign(spec, plan.data_root, keeper)

    return make


def _maker_of_workers(
    plan: Plan, broker: Broker, keeper: Keeper, watcher: Watcher, carried_by: Callable[[str], None]
) -> Callable[[Spec], Contender]:
    # Not at the top: these load Celery, and a comparison of designs alone needs none.
    from producer.contenders.celery_workers.external import ExternalWorkers, Fleet
    from producer.contenders.celery_workers.send import producer_app
    from producer.contenders.celery_workers.worker import CeleryWorker
    from producer.system.traces import Traces

    app = producer_app(broker.url)
    keeper.keep_traces(Traces(asker=app.control.mailbox.asker))
    if plan.external:
        fleet = Fleet(app, plan.awaited, watcher.awaiting, carried_by)
        return lambda spec: ExternalWorkers(spec, broker, app, fleet, keeper)
    return lambda spec: CeleryWorker(spec, broker, app, plan.data_root, keeper, plan.transport)


def _described(measured: Measured, plan: Plan) -> WorkloadResult:
    workload = measured.workload
    return WorkloadResult(
        name=workload.name,
        seed=workload.seed,
        jobs=len(workload.jobs),
        chunk=plan.chunk,
        bound=workload.bound,
        description=workload.description,
        reference=measured.reference,
        startups_s=measured.startups_s,
        left_out=measured.left_out,
        data_hash=data_hash(workload.jobs, plan.data_root),
    )
