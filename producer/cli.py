"""`simul`: parse, call one function, render. Only this module prints or exits."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Annotated

import msgspec
import typer
from rich.console import Console
from rich.progress import MofNCompleteColumn, Progress

from producer import data_files, exhibition, options, results
from producer import diff as diff_
from producer import judit as judit_
from producer import machine as machine_
from producer.contenders import Spec, parse, sensible, swept, ways
from producer.contenders.celery_worker import worker_command, worker_environment
from producer.diff_table import diff_table
from producer.environments import prepare
from producer.export import Format, exported
from producer.interpreter import Interpreter
from producer.lab import Plan
from producer.lab import compare as compare_
from producer.progress import ProgressWatcher
from producer.report.labelled import Labelled
from producer.results import Result
from producer.tables import WIDE, answer_line, machine_lines, print_result
from producer.workloads import DEFAULT_SEED, Workload, build
from worker import errors, settings
from worker.errors import SimulError

#: One exit code per kind of error; 1 is an error of any other kind, 2 a misread command line.
EXIT_CODES: dict[type[SimulError], int] = {
    errors.UnknownNameError: 2,
    errors.InvalidJobError: 2,
    errors.BrokerUnavailableError: 3,
    errors.ContenderError: 4,
    errors.UnavailableError: 4,
    errors.DataError: 5,
    errors.ResultError: 6,
}
#: What a comparison does where nobody says.
DEFAULT_WORKLOADS = ("files", "waits", "search")
#: Jobs of a quick comparison.
QUICK_JOBS = 12
#: As a shell reports a process that Ctrl-C has ended.
INTERRUPTED = 130
INTERRUPTS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

app = typer.Typer(
    help="The same jobs through every way Python has of doing many things at once: what each costs, "
    "honestly measured, side by side, on the same work.",
    epilog="First steps: `simul compare`, `simul judit --design asyncio`, `simul compare files --chunk 10`.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
data = typer.Typer(help="Make and check sets of data files.", no_args_is_help=True)
app.add_typer(data, name="data")


def main() -> None:
    """The `simul` command: an error of the user's becomes one line and an exit code of its own."""
    # `docker stop` and a closed terminal are answered as Ctrl-C is: stop what was started, keep what is done.
    for number in INTERRUPTS:
        if signal.getsignal(number) is not signal.SIG_IGN:  # as under nohup
            signal.signal(number, _interrupt)
    try:
        app()
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)
    except SimulError as error:
        name = type(error).__name__.removesuffix("Error")
        _stderr().print(f"{name}: {error}", style="red", markup=False, highlight=False, soft_wrap=True)
        sys.exit(next((code for kind, code in EXIT_CODES.items() if isinstance(error, kind)), 1))


@app.command()
def compare(
    workloads: options.Workloads = None,
    contenders: options.Contenders = None,
    jobs: options.Jobs = None,
    chunk: options.Chunk = 1,
    rounds: options.Rounds = 5,
    seed: options.Seed = DEFAULT_SEED,
    broker: options.BrokerUrl = None,
    workers: options.Workers = "spawn",
    awaited: options.Await = "",
    transport: options.Transport = "stock",
    pythons: options.Pythons = None,
    data: options.Data = settings.PROJECT_DATA,
    out: options.Out = None,
    as_json: options.Json = False,
    export: options.Export = None,
    report: options.WithReport = None,
    quick: options.Quick = False,
    quiet: options.Quiet = False,
) -> None:
    """Have the same jobs done in every way, and compare."""
    if quick:
        jobs, rounds = jobs or QUICK_JOBS, 1
    lists = [build(name, jobs, seed, chunk, data) for name in dict.fromkeys(workloads or DEFAULT_WORKLOADS)]
    chosen = {workload.name: _contenders(contenders, workload) for workload in lists}
    found = _interpreters(pythons, quiet)
    path = out or results.default_path()
    external = workers == "external"
    hosts = [host.strip() for host in awaited.split(",") if host.strip()]
    plan = Plan(lists, chosen, rounds, seed, chunk, data.resolve(), path, broker, external, hosts, transport)
    _carry_out(plan.under(found), as_json, export, quiet)
    if report:
        _report([path], report, quiet)


@app.command()
def sweep(
    workload: Annotated[str, typer.Argument(help="What to do.")],
    ways: options.Swept = "asyncio,threads,celery:gevent",
    concurrency: options.Concurrencies = "1,2,4,8,16,32",
    jobs: options.Jobs = None,
    chunk: options.Chunk = 1,
    rounds: options.Rounds = 5,
    seed: options.Seed = DEFAULT_SEED,
    broker: options.BrokerUrl = None,
    transport: options.Transport = "stock",
    pythons: options.Pythons = None,
    data: options.Data = settings.PROJECT_DATA,
    out: options.Out = None,
    as_json: options.Json = False,
    export: options.Export = None,
    quiet: options.Quiet = False,
) -> None:
    """Have the same jobs done at rising concurrency: where does more stop paying?"""
    work = build(workload, jobs, seed, chunk, data)
    specs = swept(ways, concurrency)
    found = _interpreters(pythons, quiet)
    path = out or results.default_path("sweep")
    lists = {workload: specs}
    plan = Plan(
        [work], lists, rounds, seed, chunk, data.resolve(), path, broker, transport=transport, kind="sweep"
    )
    _carry_out(plan.under(found), as_json, export, quiet)


@app.command()
def show(
    result: Annotated[Path, typer.Argument(help="A result file.")],
    as_json: options.Json = False,
    export: options.Export = None,
) -> None:
    """Print the tables of a saved result."""
    _render(results.load(result), as_json, export)


@app.command()
def diff(
    old: Annotated[Path, typer.Argument(help="The result to compare with.")],
    new: Annotated[list[Path], typer.Argument(help="The results to compare with it.")],
    fail_above: options.FailAbove = None,
    force: options.Force = False,
    as_json: options.Json = False,
) -> None:
    """Compare results of the same work on the same machine: what has become slower?"""
    before = results.load(old)
    loaded = {path: results.load(path) for path in dict.fromkeys(new)}
    found = {str(path): diff_.checked(before, result, str(path), force) for path, result in loaded.items()}
    if as_json:
        print(msgspec.json.format(msgspec.json.encode(found)).decode())
    else:
        console = _stdout()
        for name, one in found.items():
            console.print(diff_table(f"\n{name} against {old}", one, fail_above))
    if fail_above is not None and any(row.fails(fail_above) for one in found.values() for row in one.rows):
        raise typer.Exit(1)


@app.command()
def report(
    results_: options.Results,
    out: options.ReportOut = Path("report.html"),
    static: options.Static = None,
    png: options.Png = False,
    quiet: options.Quiet = False,
) -> None:
    """Turn results into one page that opens anywhere; several stand side by side.

    Results are never overwritten, but a report can be made again at any time: an earlier report of that
    name is replaced, any other file is not.
    """
    from producer.report import files

    labelled = _report(results_, out, quiet)
    if static:
        drawn = files.write_static(labelled, static, png)
        if not quiet:
            kinds = "SVG and PNG" if png else "SVG"
            _stderr().print(
                f"{static}: {drawn} charts as {kinds}", markup=False, highlight=False, soft_wrap=True
            )


@app.command()
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
    with _bar(f"{workload} to {pool}", len(work.jobs), quiet) as advance:
        outcome = send_to_pool(broker, pool, work.jobs, advance)
    for record in outcome.records:
        text = msgspec.json.encode(record).decode() if as_json else answer_line(record)
        print(text)
    for problem in outcome.problems:
        _stderr().print(problem, style="red", markup=False)
    failed = sum(record.error is not None for record in outcome.records)
    _stderr().print(
        f"{len(outcome.records) - failed} of {len(work.jobs)} jobs done, {failed} failed", markup=False
    )
    if outcome.problems or failed:
        raise typer.Exit(1)


@app.command()
def worker(
    pool: options.PoolName = "prefork",
    concurrency: options.Concurrency = None,
    broker: options.WorkersBroker = settings.DEFAULT_BROKER_URL,
    transport: options.Transport = "stock",
    data: options.Data = settings.PROJECT_DATA,
    log_level: options.LogLevel = "INFO",
) -> None:
    """Run a Celery worker with the right queue and settings, until Ctrl-C."""
    from producer.broker import Broker, check
    from producer.contenders import cores
    from worker.pools import pool as find_pool

    row = find_pool(pool)
    if why := row.unavailable():
        raise errors.UnavailableError(f"the pool {pool} cannot run here: {why}")
    version = check(broker)
    slots = (concurrency or cores()) if row.scales else 1
    # Workers on one queue need not know of each other; mingling delays the start by a second.
    command = worker_command(pool, slots, None, "-l", log_level, "--without-gossip", "--without-mingle")
    shown = Broker(broker, embedded=False, version=version).name
    line = f"worker: pool {pool}, {_counted(slots, 'slot')}, queue {row.queue}, broker {shown}"
    _stderr().print(line, markup=False, highlight=False, soft_wrap=True)
    # Celery takes this process over: its signals are the worker's, and it patches before it imports.
    os.chdir(settings.PROJECT)
    os.execve(sys.executable, command, worker_environment(pool, broker, data.resolve(), transport))


@app.command()
def judit(
    design: options.ExhibitionDesign = "asyncio",
    hour: options.Hour = 1.0,
    opponents: options.Opponents = exhibition.OPPONENTS,
    moves: options.Moves = exhibition.MOVES,
    quiet: options.Quiet = False,
) -> None:
    """Hold the exhibition: Judit Polgár against amateurs, an hour scaled to a second."""
    done = count(1)
    with _bar("moves", opponents * moves, quiet) as advance:
        played = judit_.play(design, hour, opponents, moves, on_move=lambda _: advance(next(done)))
    excess = 100 * (played.measured_s / played.ideal_s - 1)
    print(f"{design}: {opponents} opponents, {moves} moves each, an hour in {hour:g} s")
    print(f"ideal     {played.ideal_s:8.3f} s  ({_hours(played.ideal_s / hour)} of the exhibition)")
    print(f"measured  {played.measured_s:8.3f} s  ({excess:+.1f} %)")


@app.command()
def machine(broker: options.BrokerUrl = None, as_json: options.Json = False) -> None:
    """Print what the numbers of this machine depend on."""
    from producer.broker import open_broker
    from producer.keeper import Keeper

    with Keeper() as keeper, open_broker(broker, keeper) as opened:
        seen = msgspec.to_builtins(machine_.look()) | {"broker": opened.name}
    if as_json:
        print(msgspec.json.format(msgspec.json.encode(seen)).decode())
        return
    for name, value in machine_lines(seen):
        print(f"{name:12}  {value}")


@data.command("make")
def data_make(
    files: options.Count = data_files.DEFAULT_COUNT,
    seed: options.FileSeed = data_files.DEFAULT_SEED,
    into: options.Into = Path("data"),
    corrupt: options.Corrupt = 0,
    quiet: options.Quiet = False,
) -> None:
    """Write a set of data files."""
    with _bar("files", files, quiet) as advance:
        damaged = data_files.make(into, files, seed, corrupt, advance)
    print(f"{files:,} files in {into}, seed {seed}")
    for name, damage in damaged.items():
        print(f"{name}: {damage}")


@data.command("check")
def data_check(
    directory: Annotated[Path, typer.Argument(help="The directory of data files.")],
    quiet: options.Quiet = False,
) -> None:
    """Check a set of data files; exit code 0 only when all are right."""
    with _bar("files", None, quiet) as advance:
        verdicts = data_files.check(directory, advance)
    bad = [verdict for verdict in verdicts if verdict.verdict != "correct"]
    for verdict in bad:
        what = verdict.reason or f"the sum is {verdict.expected}, the file says {verdict.found}"
        print(f"{verdict.file}: {verdict.verdict}: {what}")
    print(f"{len(verdicts) - len(bad):,} of {len(verdicts):,} files are right")
    if bad:
        raise typer.Exit(1)


def _contenders(text: str | None, workload: Workload) -> Sequence[Spec]:
    if text is None:
        return sensible(workload)
    named = list(dict.fromkeys(parse(part, workload) for part in text.split(",") if part.strip()))
    if not named:
        raise errors.UnknownNameError(f"--with names no contender; there are: {', '.join(ways())}")
    return named


def _interpreters(pythons: Sequence[str] | None, quiet: bool) -> Sequence[Interpreter]:
    if not pythons:
        return ()
    with _stderr().status("", spinner="dots") as status:
        lines = not quiet and not sys.stderr.isatty()
        return prepare(pythons, lambda what: print(what, file=sys.stderr) if lines else status.update(what))


def _carry_out(plan: Plan, as_json: bool, export: Format | None, quiet: bool) -> None:
    begun: list[Result] = []
    console = _stderr()
    try:
        with ProgressWatcher(console, quiet) as watcher:
            compare_(plan, watcher, begun.append)
    except KeyboardInterrupt:
        if begun and begun[0].runs:
            _render(begun[0], as_json, export)
            saved = f"Interrupted. The finished runs are saved in {plan.out}"
            console.print(saved, markup=False, highlight=False, soft_wrap=True)
        else:
            console.print("Interrupted before the first run ended: nothing is saved.")
        raise typer.Exit(INTERRUPTED) from None
    _render(begun[0], as_json, export)
    if not quiet:
        console.print(f"\nSaved as {plan.out}", markup=False, highlight=False, soft_wrap=True)


def _report(paths: Sequence[Path], out: Path, quiet: bool) -> list[Labelled]:
    from producer.report import files

    labelled = files.load(paths)
    size = files.write(labelled, out)
    if not quiet:
        _stderr().print(f"{out}: {size / 1e6:.1f} MB", markup=False, highlight=False, soft_wrap=True)
    return labelled


def _render(result: Result, as_json: bool, export: Format | None) -> None:
    if as_json or export:
        print(exported(result, export or "json"), end="")
    else:
        print_result(_stdout(), result)


@contextmanager
def _bar(what: str, total: int | None, quiet: bool) -> Iterator[Callable[..., None]]:
    """A bar on stderr; yields what is told the number done, and the total where that is known later."""
    bar = Progress(
        *Progress.get_default_columns(),
        MofNCompleteColumn(),
        console=_stderr(),
        transient=True,
        disable=quiet or not sys.stderr.isatty(),
    )
    with bar:
        task = bar.add_task(what, total=total)
        yield lambda done, total=total: bar.update(task, completed=done, total=total)


def _stdout() -> Console:
    # A pipe has no width: give it room for the wide table, and no styles.
    return Console(width=None if sys.stdout.isatty() else WIDE, highlight=False)


def _stderr() -> Console:
    return Console(stderr=True)


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _hours(hours: float) -> str:
    seconds = round(hours * 3600)
    return f"{seconds // 3600} h {seconds // 60 % 60} min {seconds % 60} s"


def _interrupt(*_: object) -> None:
    # Once is enough: a second one would break off the stopping of what was started.
    for number in INTERRUPTS:
        signal.signal(number, signal.SIG_IGN)
    raise KeyboardInterrupt
