"""Times one run of a contender, and measures what it and the broker use meanwhile."""

from __future__ import annotations

import time
from functools import partial

from producer.contenders.protocol import Contender, Progress
from producer.measure.arriving import Arriving
from producer.results import Run, run_from
from producer.results.reference import Reference
from producer.system import usage
from producer.system.broker import Broker
from producer.system.garbage import collector_off
from producer.workloads import Workload


def timed_run(
    contender: Contender,
    workload: Workload,
    reference: Reference,
    round_: int,
    broker: Broker,
    progress: Progress,
    arriving: Arriving | None = None,
) -> Run:
    """Have a contender do the jobs: all of them at once, or as they are `arriving`."""
    run = arriving.run if arriving else partial(contender.run, workload.jobs)
    roots = contender.processes()
    began = time.time()
    broker_before = usage.cpu_s(broker.pid)
    with collector_off(), usage.watched(roots) as used:  # the lab keeps a record of every job
        outcome = run(progress)
    broker_cpu = max(0.0, usage.cpu_s(broker.pid) - broker_before)  # 0 also where it died meanwhile
    name = contender.spec.name
    return run_from(
        workload.name,
        name,
        round_,
        began,
        outcome,
        reference,
        jobs=len(workload.jobs),
        used=used if roots else outcome.used,
        broker_cpu_s=broker_cpu if name.through_broker and broker.pid else None,
        offered=arriving.offered() if arriving else None,
    )
