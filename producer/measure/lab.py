"""A whole comparison: starts what it needs, measures, saves after every run, stops all it started."""

from __future__ import annotations

from contextlib import nullcontext

from producer import results
from producer.measure.comparison_lock import comparison_lock
from producer.measure.contender_factory import ContenderFactory
from producer.measure.plan import Plan
from producer.measure.rounds import Measured, Session, Watcher, measure
from producer.measure.started_contenders import Roster
from producer.results import Result, ResultFile, Run, WorkloadResult
from producer.system import gil, machine
from producer.system.broker import open_broker, require_transport
from producer.system.interrupts import held
from producer.system.reaper import Reaper
from producer.workloads.calls import Calls
from producer.workloads.data_hash import data_hash
from worker.jobs import FileCheck


class Comparison:
    """A plan on its way to a result. After an interrupt, what was measured is in `result` and in `file`."""

    def __init__(self, plan: Plan, watcher: Watcher) -> None:
        """Nothing is started yet.

        Raises:
            ResultError: the result cannot be written where the plan says.
        """
        self.file = ResultFile(plan.out, "compare" if plan.kind == "comparison" else plan.kind)
        #: Everything up to the last finished run; None before the broker has answered.
        self.result: Result | None = None
        self._plan = plan
        self._watcher = watcher

    def carry_out(self) -> Result:
        """Compare, and return the result.

        Raises:
            BrokerUnavailableError: nothing answers at the broker's address, it refuses us, or it is not for
                the transport.
            ResultError: the result cannot be written.
        """
        plan, watcher = self._plan, self._watcher
        with (
            Reaper() as reaper,
            open_broker(plan.broker_url, reaper) as broker,
            comparison_lock(broker.url, watcher.queueing) if plan.external else nullcontext(),
        ):
            if not broker.embedded:  # that one is gone, and all that is in it
                reaper.set_broker(broker.url)
            for transport in plan.transports:
                require_transport(broker.url, transport)
            result = results.begin(plan.rounds, plan.seed, broker.name, broker.version, machine.look())
            assert plan.kind != "queues"  # it leaves no result
            result.kind, result.axis, result.pythons = plan.kind, plan.axis, list(plan.pythons)
            result.predictions = list(plan.predictions)
            self.result = result
            for jobs in (workload.jobs for workload in plan.workloads):
                if isinstance(jobs, Calls):
                    reaper.add_directory(jobs.directory)
            factory = ContenderFactory(plan, broker, reaper, watcher.awaiting)
            recorder = _Recorder(plan, result, self.file, factory)
            try:
                with Roster(factory.make) as roster:
                    # What others have started is only asked, and all at once would be.
                    at_once = 1 if plan.external else machine.cores()
                    session = Session(
                        *(plan.rounds, plan.seed, plan.data_root, broker, roster, watcher),
                        executable=plan.executable,
                        variables=plan.variables,
                        at_once=at_once,
                        offers=plan.offers or (None,),
                    )
                    for place, workload in enumerate(plan.workloads):
                        measure(workload, plan.contenders[workload.name], session, recorder)
                        later = plan.workloads[place + 1 :]
                        roster.stop_all_but(
                            {spec for workload in later for spec in plan.contenders[workload.name]}
                        )
                result.complete = True
            finally:
                recorder.end()
        return result


class _Recorder:
    """Takes down what is measured, and saves it after every run."""

    def __init__(self, plan: Plan, result: Result, file: ResultFile, factory: ContenderFactory) -> None:
        self._plan = plan
        self._result = result
        self._file = file
        self._factory = factory

    def begin(self, measured: Measured) -> None:
        """Take down a workload whose contenders stand ready."""
        self._result.transport = self._factory.transport
        self._result.workloads.append(_describe(measured, self._plan))

    def add(self, run: Run) -> None:
        """Take down a run that has ended, and save everything."""
        with held():  # a run that is shown is saved
            self._result.runs.append(run)
            self._result.load_after, self._result.gil_after = machine.load(), gil.is_on()
            self._file.add(run)
            self._file.save(self._result)

    def end(self) -> None:
        """Save what only the end tells; nothing where nothing was measured, for it was interrupted before."""
        if self._result.runs or self._result.complete:
            with held():
                self._file.save(self._result, anew=True)


def _describe(measured: Measured, plan: Plan) -> WorkloadResult:
    workload, first = measured.workload, measured.workload.jobs[0]
    return WorkloadResult(
        name=workload.name,
        seed=workload.seed,
        jobs=len(workload.jobs),
        # There may be fewer data files than a job was to have.
        chunk=len(first.files) if isinstance(first, FileCheck) else plan.chunk,
        bound=workload.bound,
        description=workload.description,
        reference=measured.reference,
        contenders=measured.contenders,
        data_hash=data_hash(workload.jobs, plan.data_root),
        facts=workload.facts,
        job_limit_s=workload.jobs.limit_s if isinstance(workload.jobs, Calls) else None,
    )
