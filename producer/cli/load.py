"""`simul load`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

import typer

from producer.cli import job_options, options
from producer.cli.compare import carry_out, choose_contenders, require_free, require_measured
from producer.cli.own_job import own_job, require_one
from producer.cli.report import write_page
from producer.contenders.offers import read_offers
from producer.contenders.spec import Spec
from producer.workloads import DEFAULT_SEED, Workload, build
from worker import settings

#: How long jobs arrive in a quick load, in seconds.
QUICK_S = 5.0

Rates = Annotated[
    str,
    typer.Option(
        "--rate", envvar="SIMUL_RATES", help="Jobs a second that are offered, on average, by commas: 50,100."
    ),
]
For = Annotated[
    float, typer.Option("--for", envvar="SIMUL_LOAD_FOR", help="Seconds for which jobs arrive, at each rate.")
]
Burst = Annotated[
    str | None,
    typer.Option(
        envvar="SIMUL_BURST",
        metavar="JOBS@SECOND",
        help="Jobs that arrive all at once besides, and when: 1000@5.",
    ),
]


def load(
    workload: Annotated[str | None, typer.Argument(help="What to do; or --job for your own.")] = None,
    contenders: options.Contenders = None,
    rates: Rates = "50,100,200,400",
    for_s: For = 20.0,
    burst: Burst = None,
    job: job_options.Job = None,
    async_job: job_options.AsyncJob = None,
    args: job_options.Args = None,
    repeat: job_options.Repeat = None,
    app_dir: job_options.AppDir = None,
    check: job_options.CheckAnswers = "equal",
    time_limit: job_options.TimeLimit = None,
    jobs: options.Jobs = None,
    chunk: options.Chunk = 1,
    rounds: options.Rounds = 1,
    seed: options.Seed = DEFAULT_SEED,
    broker: options.BrokerUrl = None,
    workers: options.Workers = "spawn",
    awaited: options.Await = "",
    transport: options.Transport = settings.TRANSPORTS[0],
    data: options.Data = settings.PROJECT_DATA,
    out: options.Out = None,
    as_json: options.Json = False,
    export: options.Export = None,
    wide: options.Wide = False,
    report: options.WithReport = None,
    quick: options.Quick = False,
    quiet: options.Quiet = False,
) -> None:
    """Have jobs arrive at a queue, at one rate after the other: which latency, and how far from the edge?

    Nobody waits for anybody (an open loop): a late worker does not slow the sender down, and a job's latency
    counts from the moment at which it was to arrive.
    """
    offers = read_offers(rates, QUICK_S if quick else for_s, burst, seed)
    own = own_job(job, async_job, args, repeat, app_dir, check, time_limit, jobs)
    require_one(workload, own)
    work = own.unmeasured(seed) if own else build(workload or "", jobs, seed, chunk, data)
    _choose(contenders, work)
    require_free(out, report)
    if own:
        work = own.measured(seed, (), quiet)
    from producer.measure.plan import Plan

    plan = Plan(
        workloads=[work],
        contenders={work.name: _choose(contenders, work)},
        rounds=rounds,
        seed=seed,
        chunk=chunk,
        data_root=data.resolve(),
        out=out,
        broker_url=broker,
        external=workers == "external",
        awaited=[host.strip() for host in awaited.split(",") if host.strip()],
        transport=transport,
        kind="load",
        offers=offers,
        job_limit_s=time_limit,
    )
    result, path = carry_out(plan, as_json, export, wide, quiet)
    require_measured(result)
    if report:
        write_page([path], report, quiet)


def _choose(text: str | None, workload: Workload) -> Sequence[Spec]:
    chosen = choose_contenders(text, workload)
    return chosen if text is not None else [spec for spec in chosen if spec.name.is_celery]
