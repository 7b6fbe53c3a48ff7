"""`simul sweep`."""

from __future__ import annotations

from typing import Annotated

import typer

from producer.cli import job_options, options
from producer.cli.compare import carry_out, prepare_pythons, require_free, require_measured
from producer.cli.own_job import own_job, require_one
from producer.contender_name import Axis
from producer.contenders.spec import Spec
from producer.contenders.sweeping import parse_axis, specs_along, specs_of_sweep
from producer.workloads import DEFAULT_SEED, Workload, build
from worker import settings
from worker.errors import UnknownNameError

#: The ways and the slots where nobody names any, and the way along another axis.
DEFAULT_WAYS, DEFAULT_SLOTS, DEFAULT_POOL = "asyncio,threads,celery:gevent", "1,2,4,8,16,32", "celery:prefork"


def sweep(
    workload: Annotated[str | None, typer.Argument(help="What to do; or --job for your own.")] = None,
    ways: options.Swept = None,
    concurrency: options.Concurrencies = None,
    axis: options.AlongAxis = None,
    job: job_options.Job = None,
    async_job: job_options.AsyncJob = None,
    args: job_options.Args = None,
    repeat: job_options.Repeat = None,
    app_dir: job_options.AppDir = None,
    check: job_options.CheckAnswers = "equal",
    time_limit: job_options.TimeLimit = None,
    jobs: options.Jobs = None,
    chunk: options.Chunk = 1,
    rounds: options.Rounds = 5,
    seed: options.Seed = DEFAULT_SEED,
    broker: options.BrokerUrl = None,
    transport: options.Transport = settings.TRANSPORTS[0],
    pythons: options.Pythons = None,
    data: options.Data = settings.PROJECT_DATA,
    out: options.Out = None,
    as_json: options.Json = False,
    export: options.Export = None,
    wide: options.Wide = False,
    quiet: options.Quiet = False,
) -> None:
    """Have the same jobs done at rising concurrency, or along another axis: where does more stop paying?"""
    own = own_job(job, async_job, args, repeat, app_dir, check, time_limit, jobs)
    require_one(workload, own)
    work = own.unmeasured(seed) if own else build(workload or "", jobs, seed, chunk, data)
    along, specs = _choose(ways, concurrency, axis, work)
    require_free(out)
    chosen_pythons = prepare_pythons(pythons, quiet)
    from producer.measure.plan import Plan

    if own:
        work = own.measured(seed, chosen_pythons, quiet)
    lists = {work.name: specs}
    plan = Plan(
        workloads=[work],
        contenders=lists,
        rounds=rounds,
        seed=seed,
        chunk=chunk,
        data_root=data.resolve(),
        out=out,
        broker_url=broker,
        transport=transport,
        kind="sweep",
        axis=along,
        job_limit_s=time_limit,
    )
    result, _ = carry_out(plan.under(chosen_pythons), as_json, export, wide, quiet)
    require_measured(result)


def _choose(
    ways: str | None, concurrency: str | None, axis: str | None, workload: Workload
) -> tuple[Axis, list[Spec]]:
    """Choose the axis of the sweep, and its contenders."""
    if axis is None:
        wanted = DEFAULT_WAYS if ways is None else ways
        return "slots", specs_of_sweep(wanted, DEFAULT_SLOTS if concurrency is None else concurrency)
    if concurrency is not None:
        raise UnknownNameError(
            "--axis and --concurrency are two axes: leave one out (a way has slots of its own, @4)"
        )
    along, values = parse_axis(axis)
    return along, specs_along(along, values, DEFAULT_POOL if ways is None else ways, workload)
