"""The options of the command line, each with its environment variable, declared once."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal, TypeAlias

import typer

from producer.contenders.pool_options import MOST
from worker.pools import POOLS

Workloads: TypeAlias = Annotated[
    list[str] | None,
    typer.Argument(
        help="What to do: files, waits, search, trapezoid, sieve, exchange, mixed, uneven, noop; "
        "or --job for your own."
    ),
]
Contenders: TypeAlias = Annotated[
    str | None,
    typer.Option(
        "--with",
        envvar="SIMUL_WITH",
        help="Who does it, by commas: serial,threads@8,celery:gevent; with "
        "workers and options: celery:prefork@4x2/prefetch=1. "
        "Without it: the sensible ones.",
    ),
]
Swept: TypeAlias = Annotated[
    str | None,
    typer.Option(
        "--with",
        envvar="SIMUL_SWEEP_WITH",
        help="Who does it, by commas. Without it: asyncio,threads,celery:gevent; with --axis celery:prefork.",
    ),
]
Concurrencies: TypeAlias = Annotated[
    str | None,
    typer.Option(
        "--concurrency",
        "-c",
        envvar="SIMUL_CONCURRENCIES",
        help="The slots to try, by commas. Without it: 1,2,4,8,16,32.",
    ),
]
AlongAxis: TypeAlias = Annotated[
    str | None,
    typer.Option(
        "--axis",
        envvar="SIMUL_AXIS",
        help="What to vary instead of the slots, and its values: workers=1,2,4, prefetch=1,4,16 or "
        "max-tasks-per-child=1,100. The ways may then have slots and options of their own.",
    ),
]
Jobs: TypeAlias = Annotated[
    int | None,
    typer.Option(envvar="SIMUL_JOBS", min=1, help="Jobs in each workload. Without it: its own size."),
]
Chunk: TypeAlias = Annotated[
    int, typer.Option(envvar="SIMUL_CHUNK", min=1, help="Files per job in file checks.")
]
Rounds: TypeAlias = Annotated[int, typer.Option(envvar="SIMUL_ROUNDS", min=1, help="Runs of each contender.")]
Seed: TypeAlias = Annotated[int, typer.Option(envvar="SIMUL_SEED", help="The same seed makes the same work.")]
Pythons: TypeAlias = Annotated[
    list[str] | None,
    typer.Option(
        "--python",
        envvar="SIMUL_PYTHON",
        help="Run under this Python instead, a version (3.13, 3.14t) or a path, in an environment that uv "
        "makes; the path of a .venv/bin/python brings what is installed there. Give it more than once to "
        "compare several.",
    ),
]
BrokerUrl: TypeAlias = Annotated[
    str | None,
    typer.Option(
        "--broker",
        envvar="SIMUL_BROKER_URL",
        help="Your Redis: redis://[:PASSWORD@]HOST:PORT/DB. Without it: an embedded server.",
    ),
]
WorkersBroker: TypeAlias = Annotated[
    str,
    typer.Option(
        "--broker",
        envvar="SIMUL_BROKER_URL",
        help="The Redis of the workers: redis://[:PASSWORD@]HOST:PORT/DB.",
    ),
]
Workers: TypeAlias = Annotated[
    Literal["spawn", "external"],
    typer.Option(envvar="SIMUL_WORKERS", help="Start the Celery workers, or use those that run already."),
]
Await: TypeAlias = Annotated[
    str,
    typer.Option(
        "--await",
        envvar="SIMUL_AWAIT",
        help="Host names, by commas: with external workers, wait for as many as these have addresses.",
    ),
]
Transport: TypeAlias = Annotated[
    Literal["reliable", "stock"],
    typer.Option(
        envvar="SIMUL_TRANSPORT",
        help="What carries messages: simul's own, which loses nothing, or kombu's (docs/transport.md).",
    ),
]
Data: TypeAlias = Annotated[
    Path, typer.Option(envvar="SIMUL_DATA", help="The directory of data files that file checks read.")
]
Out: TypeAlias = Annotated[
    Path | None,
    typer.Option(
        envvar="SIMUL_OUT", help="The result file (.json or .json.gz). Without it: a new one in results/."
    ),
]
Results: TypeAlias = Annotated[list[Path], typer.Argument(metavar="RESULT...", help="Result files.")]
ReportOut: TypeAlias = Annotated[
    Path,
    typer.Option("--out", "-o", envvar="SIMUL_REPORT", help="The page; an earlier report there is replaced."),
]
WithReport: TypeAlias = Annotated[
    Path | None,
    typer.Option(
        "--report",
        envvar="SIMUL_COMPARE_REPORT",
        help="Also write this page, as `simul report` does afterwards.",
    ),
]
Static: TypeAlias = Annotated[
    Path | None,
    typer.Option(
        envvar="SIMUL_STATIC", help="Also write each chart into this directory, as SVG for slides and print."
    ),
]
Png: TypeAlias = Annotated[
    bool,
    typer.Option(
        "--png", envvar="SIMUL_PNG", help="Write PNG beside the SVG of --static (needs simul-lab\\[png])."
    ),
]
Json: TypeAlias = Annotated[
    bool, typer.Option("--json", envvar="SIMUL_JSON", help="Print the numbers as JSON, not as tables.")
]
Export: TypeAlias = Annotated[
    Literal["csv", "markdown"] | None,
    typer.Option(envvar="SIMUL_EXPORT", help="Print the numbers as CSV or Markdown, not as tables."),
]
Wide: TypeAlias = Annotated[
    bool,
    typer.Option(
        "--wide", envvar="SIMUL_WIDE", help="Print all the columns of the tables: 160 characters are best."
    ),
]
FailAbove: TypeAlias = Annotated[
    float | None,
    typer.Option(
        envvar="SIMUL_FAIL_ABOVE",
        min=1.0,
        help="Exit with 1 when something is shown to be more than so many times as slow, or broke: 1.10.",
    ),
]
Force: TypeAlias = Annotated[
    bool,
    typer.Option(
        "--force", envvar="SIMUL_FORCE", help="Compare different workloads or machines, and label it so."
    ),
]
Quick: TypeAlias = Annotated[
    bool,
    typer.Option(
        "--quick", envvar="SIMUL_QUICK", help="One round of fewer jobs: does it run? No claim is made."
    ),
]
Quiet: TypeAlias = Annotated[
    bool, typer.Option("--quiet", "-q", envvar="SIMUL_QUIET", help="Print no progress.")
]
LogLevel: TypeAlias = Annotated[
    Literal["DEBUG", "INFO", "WARNING", "ERROR"],
    typer.Option(
        envvar="SIMUL_LOG_LEVEL",
        case_sensitive=False,
        help="DEBUG, INFO (a line for each job), WARNING or ERROR.",
    ),
]
RemoteControl: TypeAlias = Annotated[
    str,
    typer.Option(
        "--remote-control",
        envvar="SIMUL_REMOTE_CONTROL",
        help="Celery's commands by which whoever can write to the broker may change the worker, by commas: "
        "shutdown,pool_grow; all for every one. Without it: none. Questions (ping, stats) are answered.",
    ),
]
PoolName: TypeAlias = Annotated[str, typer.Option(envvar="SIMUL_POOL", help=f"The pool: {', '.join(POOLS)}.")]
Concurrency: TypeAlias = Annotated[
    int | None,
    typer.Option(
        "--concurrency", "-c", envvar="SIMUL_CONCURRENCY", min=1, help="Slots. Without it: one per core."
    ),
]
Prefetch: TypeAlias = Annotated[
    int | None,
    typer.Option(
        envvar="SIMUL_PREFETCH",
        min=0,
        max=MOST,
        help="Messages that it reserves for each slot, 0 for no limit. Without it: Celery's 4.",
    ),
]
Acks: TypeAlias = Annotated[
    Literal["late", "early"],
    typer.Option(
        envvar="SIMUL_ACKS",
        help="When a message is dropped: after its job, or early, as it begins: a worker that dies loses it.",
    ),
]
Count: TypeAlias = Annotated[int, typer.Option("--count", envvar="SIMUL_COUNT", help="How many files.")]
FileSeed: TypeAlias = Annotated[
    int, typer.Option("--seed", envvar="SIMUL_SEED", help="The same seed makes the same work.")
]
Into: TypeAlias = Annotated[
    Path,
    typer.Option(envvar="SIMUL_INTO", help="The directory to write them into; it holds no data files yet."),
]
Corrupt: TypeAlias = Annotated[
    int, typer.Option(envvar="SIMUL_CORRUPT", help="How many of them to damage, each in some way.")
]
