"""`simul send`."""

from __future__ import annotations

import contextlib
from typing import Annotated, Any

import msgspec
import typer

from producer.cli import job_options, options
from producer.cli.console import bar, say, tell
from producer.cli.own_job import own_job, require_one
from producer.printable import json_text
from producer.system import interrupts
from producer.words import counted
from producer.workloads import DEFAULT_SEED, build
from worker import settings
from worker.answers import FilesChecked, FileVerdict, Returned
from worker.pools import pool as find_pool
from worker.records import JobRecord


def send(
    workload: Annotated[str | None, typer.Argument(help="What to have done; or --job for your own.")] = None,
    pool: options.PoolName = "prefork",
    job: job_options.Job = None,
    args: job_options.Args = None,
    repeat: job_options.Repeat = None,
    jobs: options.Jobs = None,
    chunk: options.Chunk = 1,
    seed: options.Seed = DEFAULT_SEED,
    broker: options.WorkersBroker = settings.DEFAULT_BROKER_URL,
    data: options.Data = settings.PROJECT_DATA,
    as_json: options.Json = False,
    quiet: options.Quiet = False,
) -> None:
    """Only send jobs to the workers of a pool that run already; show the answers."""
    own = own_job(job, None, args, repeat, None, "equal", None, jobs)
    require_one(workload, own)
    work = own.unmeasured(seed) if own else build(workload or "", jobs, seed, chunk, data)
    find_pool(pool)

    from producer.contenders.celery_workers.exchange import send_to_pool
    from producer.contenders.celery_workers.other_function import other_function

    with bar(f"{work.name} to {pool}", len(work.jobs), quiet) as advance:
        try:
            outcome = send_to_pool(broker, pool, work.jobs, advance, say)
        except KeyboardInterrupt:
            queue = find_pool(pool).queue
            say(
                f"Interrupted. What was sent and is not done yet stays in {queue}: its next worker does it, "
                f"and nobody reads the answers. To drop it: celery -A worker purge -f -Q {queue}"
            )
            raise typer.Exit(interrupts.EXIT_CODE) from None
    for record in outcome.records:
        tell(json_text(record, indent=False) if as_json else answer_line(record))
    other = other_function(work.jobs, outcome.records, pool)
    for problem in (*outcome.problems, *([other] if other else ())):
        say(problem, style="red")
    failed = sum(record.error is not None for record in outcome.records)
    say(f"{len(outcome.records) - failed:,} of {counted(len(work.jobs), 'job')} done, {failed:,} failed")
    if outcome.problems or failed:
        raise typer.Exit(1)


def answer_line(record: JobRecord) -> str:
    """One job's answer for people: who did it, how long it took, what came of it."""
    milliseconds = (record.finished_ns - record.started_ns) / 1e6
    came_of_it = record.error or _answer(record.answer or {})
    return f"{record.index:6}  {record.worker}  {milliseconds:9.2f} ms  {came_of_it}"


def _answer(answer: dict[str, Any]) -> str:
    with contextlib.suppress(msgspec.ValidationError):
        return msgspec.convert(answer, Returned).text
    try:
        return ", ".join(map(_verdict, msgspec.convert(answer, FilesChecked).verdicts))
    except msgspec.ValidationError:  # of another kind of job; or of nobody's, and shown as it is
        return ", ".join(f"{key} {value}" for key, value in answer.items() if value is not None)


def _verdict(of: FileVerdict) -> str:
    return f"{of.file} {of.verdict}{_why(of)}"


def _why(of: FileVerdict) -> str:
    if of.verdict == "wrong":
        return f" (the sum is {of.expected}, the file says {of.found})"
    return f" ({of.reason})" if of.reason else ""
