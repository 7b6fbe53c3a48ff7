"""`simul send`."""

from __future__ import annotations

from typing import Annotated

import msgspec
import typer

from producer.cli import options
from producer.cli.console import bar, say
from producer.tables import answer_line
from producer.workloads import DEFAULT_SEED, build
from worker import settings


def send(
    workload: Annotated[str, typer.Argument(help="What to have done.")],
    pool: options.PoolName = "prefork",
    jobs: options.Jobs = None,
    chunk: options.Chunk = 1,
    seed: options.Seed = DEFAULT_SEED,
    broker: options.WorkersBroker = settings.DEFAULT_BROKER_URL,
    data: options.Data = settings.PROJECT_DATA,
    as_json: options.Json = False,
    quiet: options.Quiet = False,
) -> None:
    """Only send jobs to the workers of a pool that run already; show the answers."""
    from producer.over_broker import send_to_pool

    work = build(workload, jobs, seed, chunk, data)
    with bar(f"{workload} to {pool}", len(work.jobs), quiet) as advance:
        outcome = send_to_pool(broker, pool, work.jobs, advance)
    for record in outcome.records:
        print(msgspec.json.encode(record).decode() if as_json else answer_line(record))
    for problem in outcome.problems:
        say(problem, style="red")
    failed = sum(record.error is not None for record in outcome.records)
    say(f"{len(outcome.records) - failed} of {len(work.jobs)} jobs done, {failed} failed")
    if outcome.problems or failed:
        raise typer.Exit(1)
