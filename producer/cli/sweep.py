"""`simul sweep`."""

from __future__ import annotations

from typing import Annotated

import typer

from producer.cli import job_options, options
from producer.cli.compare import carry_out, prepare_pythons, require_measured
from producer.cli.own_job import own_job
from producer.contenders.spec import specs_of_sweep
from producer.workloads import DEFAULT_SEED, build
from worker import settings


def sweep(
    workload: Annotated[str | None, typer.Argument(help="What to do; or --job for your own.")] = None,
    ways: options.Swept = "asyncio,threads,celery:gevent",
    concurrency: options.Concurrencies = "1,2,4,8,16,32",
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
    quiet: options.Quiet = False,
) -> None:
    """Have the same jobs done at rising concurrency: where does more stop paying?"""
    own = None if workload else own_job(job, async_job, args, repeat, app_dir, check, time_limit, jobs)
    work = own.unmeasured(seed) if own else build(workload or "", jobs, seed, chunk, data)
    specs = specs_of_sweep(ways, concurrency)
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
        job_limit_s=time_limit,
    )
    result, _ = carry_out(plan.under(chosen_pythons), as_json, export, quiet)
    require_measured(result)
