"""`simul queues`."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated

import typer

from producer.cli import options
from producer.cli.console import say
from producer.contenders.parsing import parse
from producer.contenders.pool_options import split_contenders
from producer.workloads import DEFAULT_SEED, Workload, build
from worker import settings
from worker.errors import NothingMeasuredError, ResultError, UnknownNameError
from worker.jobs import ChessMove

#: Who is compared where nobody is named: equal slots, one worker each.
DEFAULT_QUEUES = (
    "celery:threads@8,celery:gevent@8,celery:asyncio@8,celery:prefork@8,"
    "dramatiq@8,taskiq@8,huey@8,saq@8,streaq@8,rq@1"
)
#: Jobs of each workload, and of a quick comparison.
NOOPS, WAITS, SEARCHES, FILE_CHECKS, QUICK_JOBS = 2000, 100, 100, 200, 20
ROUNDS = 3
#: Files of a file check, and how long each wait is, in milliseconds.
CHUNK, WAIT_MS = 10, 100.0
#: Seconds for which jobs arrive at half of a contender's capacity.
LOAD_S, QUICK_LOAD_S = 8.0, 2.0
#: The fewest jobs that arrive then: the 99th percentile of fewer says little.
ARRIVING, QUICK_ARRIVING = 100, 10

Queues = Annotated[
    str, typer.Option("--with", envvar="SIMUL_QUEUES_WITH", help="Which queues, by commas: dramatiq@8,rq@1.")
]
Page = Annotated[
    Path | None,
    typer.Option(
        "--out", "-o", envvar="SIMUL_QUEUES_OUT", help="Write the page here (Markdown), not to stdout."
    ),
]


def queues(
    contenders: Queues = DEFAULT_QUEUES,
    rounds: options.Rounds = ROUNDS,
    seed: options.Seed = DEFAULT_SEED,
    broker: options.BrokerUrl = None,
    data: options.Data = settings.PROJECT_DATA,
    out: Page = None,
    quick: options.Quick = False,
    quiet: options.Quiet = False,
) -> None:
    """Compare task queues on the same Redis: sending, doing, CPU, memory, and latency at half capacity.

    It makes docs/peers.md: no-ops, waits of 100 ms, searches, and files in chunks, in a worker of each. Jobs
    are sent to a worker that stands still, so that sending and doing are measured apart.
    """
    from producer.measure.plan import Plan
    from producer.measure.queues import compare_queues
    from producer.show.queues_page import write_queues_page
    from producer.system import machine

    if out:
        _require_writable(out)
    workloads = _workloads(seed, data, quick)
    names = split_contenders(contenders)
    if not names:
        raise UnknownNameError(
            "--with names no queue: name Celery pools or peers: celery:gevent@8,dramatiq@8"
        )
    plan = Plan(
        workloads=workloads,
        contenders={work.name: [parse(name, work) for name in names] for work in workloads},
        rounds=1 if quick else rounds,
        seed=seed,
        chunk=CHUNK,
        data_root=data.resolve(),
        out=None,
        broker_url=broker,
        kind="queues",
    )
    arriving = (QUICK_LOAD_S, QUICK_ARRIVING) if quick else (LOAD_S, ARRIVING)
    measured, version = compare_queues(plan, arriving, lambda line: None if quiet else say(line))
    if not any(runs.capacity for runs in measured):
        why = next((runs.left_out for runs in measured if runs.left_out), "no run was valid")
        raise NothingMeasuredError(f"no queue was measured: {why}")
    here = machine.look()
    command = _command(here.packages, contenders, plan.rounds, seed, broker, out, quick)
    page = write_queues_page(measured, plan.rounds, here, version, command)
    if out is None:
        print(page, end="")
        return
    try:
        out.write_text(page, "utf-8")
    except OSError as error:
        print(page, end="")  # what took so long is at least shown
        raise ResultError(f"{out} cannot be written (queues): {error.strerror}") from None


def _workloads(seed: int, data: Path, quick: bool) -> Sequence[Workload]:
    noops, waits, searches, checks = (
        QUICK_JOBS if quick else jobs for jobs in (NOOPS, WAITS, SEARCHES, FILE_CHECKS)
    )
    moves = build("waits", waits, seed)
    waiting = tuple(ChessMove(job.fen, WAIT_MS, job.seed) for job in moves.jobs if isinstance(job, ChessMove))
    return [
        build("noop", noops, seed),
        Workload(
            "waits of 100 ms", seed, waiting, "waiting", "chess opponents who think for 100 ms, then move"
        ),
        build("search", searches, seed),
        build("files", checks, seed, CHUNK, data),
    ]


def _command(
    packages: Mapping[str, str],
    contenders: str,
    rounds: int,
    seed: int,
    broker: str | None,
    out: Path | None,
    quick: bool,
) -> str:
    """Write the command that makes the page again, without a broker's address, which may have a password."""
    extras = ("peers", *(extra for extra in ("hiredis",) if extra in packages))
    said = ["uv", "run", *(word for extra in extras for word in ("--extra", extra)), "simul", "queues"]
    said += ["--with", contenders] if contenders != DEFAULT_QUEUES else []
    said += ["--quick"] if quick else ["--rounds", str(rounds)] if rounds != ROUNDS else []
    said += ["--seed", str(seed)] if seed != DEFAULT_SEED else []
    said += ["--broker", "YOURS"] if broker else []
    return shlex.join([*said, *(["--out", str(out)] if out else [])])


def _require_writable(out: Path) -> None:
    from producer.show.queues_page import TITLE

    try:
        if out.exists() and not out.read_text("utf-8", "replace").startswith(TITLE):
            raise ResultError(f"{out} exists and is no page of queues: name another file with --out")
        if not out.absolute().parent.is_dir():
            raise ResultError(f"{out} cannot be written (queues): its directory is not there")
    except OSError as error:
        raise ResultError(f"{out} cannot be written (queues): {error.strerror}") from None
