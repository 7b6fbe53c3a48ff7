"""`simul compare`."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from producer.cli import job_options, options
from producer.cli.console import say, stderr
from producer.cli.own_job import own_job
from producer.cli.report import require_writable, write_page
from producer.cli.show import render
from producer.contenders.default_slots import sensible
from producer.contenders.parsing import parse
from producer.contenders.pool_options import split_contenders
from producer.contenders.spec import Spec
from producer.contenders.ways import ways
from producer.printable import printable
from producer.system import interrupts
from producer.system.pythons import Python
from producer.workloads import DEFAULT_SEED, Workload, build
from worker import settings
from worker.errors import NothingMeasuredError, ResultError, UnknownNameError

if TYPE_CHECKING:
    from producer.measure.plan import Plan
    from producer.results import Result, ResultFile, WorkloadResult
    from producer.show.export import Format

#: The workloads of a comparison that names none.
DEFAULT_WORKLOADS = ("files", "waits", "search")
#: Jobs of a quick comparison.
QUICK_JOBS = 12


def compare(
    workloads: options.Workloads = None,
    contenders: options.Contenders = None,
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
    workers: options.Workers = "spawn",
    awaited: options.Await = "",
    transport: options.Transport = settings.TRANSPORTS[0],
    pythons: options.Pythons = None,
    data: options.Data = settings.PROJECT_DATA,
    out: options.Out = None,
    as_json: options.Json = False,
    export: options.Export = None,
    wide: options.Wide = False,
    report: options.WithReport = None,
    quick: options.Quick = False,
    quiet: options.Quiet = False,
) -> None:
    """Have the same jobs done in every way, and compare."""
    if quick:
        jobs, rounds = jobs or QUICK_JOBS, 1
    own = own_job(job, async_job, args, repeat, app_dir, check, time_limit, jobs)
    names = dict.fromkeys(workloads or (() if own else DEFAULT_WORKLOADS))
    lists = [build(name, jobs, seed, chunk, data) for name in names]
    for workload in (*lists, *([own.unmeasured(seed)] if own else ())):
        choose_contenders(contenders, workload)  # a misread name is told before anything is made ready
    require_free(out, report)  # found out now, and not after the function was measured, or the comparison
    chosen_pythons = prepare_pythons(pythons, quiet)
    if own:
        lists.append(own.measured(seed, chosen_pythons, quiet))
    chosen = {workload.name: choose_contenders(contenders, workload) for workload in lists}
    from producer.measure.plan import Plan

    external = workers == "external"
    hosts = [host.strip() for host in awaited.split(",") if host.strip()]
    plan = Plan(
        workloads=lists,
        contenders=chosen,
        rounds=rounds,
        seed=seed,
        chunk=chunk,
        data_root=data.resolve(),
        out=out,
        broker_url=broker,
        external=external,
        awaited=hosts,
        transport=transport,
        job_limit_s=time_limit,
    )
    result, path = carry_out(plan.under(chosen_pythons), as_json, export, wide, quiet)
    require_measured(result)
    if report:  # that of an earlier comparison is kept where this one has measured nothing
        write_page([path], report, quiet)


def carry_out(
    plan: Plan, as_json: bool, export: Format | None, wide: bool, quiet: bool
) -> tuple[Result, Path]:
    """Carry a plan out; show its progress, and its result also where it is interrupted or cannot be saved.

    Raises:
        ResultError: the result is not where it should be; the text says where it is, if it is anywhere.
    """
    from producer.live.comparison import LiveWatcher
    from producer.measure.lab import Comparison
    from producer.measure.progress import ProgressWatcher
    from producer.measure.watchers import Watchers

    watcher, live = ProgressWatcher(stderr(), quiet), LiveWatcher(plan)
    comparison = Comparison(plan, Watchers(watcher, live) if plan.broker_url else watcher)
    try:
        with live, watcher:
            result = comparison.carry_out()
            live.finish(result, comparison.file.path.name)
    except ResultError:
        if comparison.result:  # at least it is shown
            render(comparison.result, as_json, export, wide)
        raise
    except KeyboardInterrupt:
        if comparison.result and comparison.result.runs:
            render(comparison.result, as_json, export, wide)
            say(f"Interrupted. The finished runs are saved in {comparison.file.path}")
        else:
            say("Interrupted before the first run ended: nothing is saved.")
        raise typer.Exit(interrupts.EXIT_CODE) from None
    render(result, as_json, export, wide)
    _say_where(comparison.file, plan.out, quiet)
    return result, comparison.file.path


def _say_where(file: ResultFile, out: Path | None, quiet: bool) -> None:
    if file.trouble:
        why = f"{file.asked} cannot be written (save): {file.trouble}"
        raise ResultError(f"{why}. The result is in {file.path}")
    if out and file.path != out:
        say(f"{out} has come into being meanwhile (save). The result is in {file.path}")
    elif not quiet:
        say("")
        say(f"Saved as {file.path}")


def require_measured(result: Result) -> None:
    """Make sure that every workload has a valid run.

    Raises:
        NothingMeasuredError: one has none; the text says why, in the words of the first contender.
    """
    valid = {run.workload for run in result.runs if run.valid}
    empty = [workload for workload in result.workloads if workload.name not in valid]
    if empty:
        raise NothingMeasuredError("; ".join(map(partial(_why_nothing, result), empty)))


def _why_nothing(result: Result, workload: WorkloadResult) -> str:
    runs = [run for run in result.runs if run.workload == workload.name]
    if runs:
        what, whys = "no run was valid", {run.contender: run.problems[0] for run in runs}
    else:
        what, whys = "no contender ran", workload.left_out
    name, why = next(iter(whys.items()))
    more = f" (and {len(whys) - 1} more)" if len(whys) > 1 else ""
    return f"{workload.name}: {what}: {name}: {why}{more}"


def require_free(out: Path | None, report: Path | None = None) -> None:
    """Make sure that no file has the name of the result, and that it and a report can be written.

    Raises:
        ResultError: there is such a file, there can be none, or both have one name.
    """
    from producer.results import ResultFile

    if out:
        ResultFile(out)
    if out and report and out.absolute() == report.absolute():
        raise ResultError(
            f"{out} cannot be the result and its page (report): name another file with --report"
        )
    if report:
        require_writable(report)


def prepare_pythons(pythons: Sequence[str] | None, quiet: bool) -> Sequence[Python]:
    """Make the Pythons ready that --python names."""
    if not pythons:
        return ()
    from rich.text import Text

    from producer.system.environments import prepare

    lines = not quiet and not sys.stderr.isatty()
    with stderr().status("", spinner="dots") as status:
        return prepare(pythons, lambda what: say(what) if lines else status.update(Text(printable(what))))


def choose_contenders(text: str | None, workload: Workload) -> Sequence[Spec]:
    """Read the contenders that --with names; where it is not given, those that make sense."""
    if text is None:
        return sensible(workload)
    named = list(dict.fromkeys(parse(part, workload) for part in split_contenders(text)))
    if not named:
        raise UnknownNameError(f"--with names no contender; there are: {', '.join(ways())}")
    return named
