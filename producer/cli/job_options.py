"""The options that name a function of the user's as the workload, each with its environment variable."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal, TypeAlias

import typer

from worker.settings import MOST_S


def _limited(seconds: float | None) -> float | None:
    # Not by min and max: Typer would write both beside the option, and leave its help no room.
    if seconds is None or 0 < seconds <= MOST_S:
        return seconds
    raise typer.BadParameter(f"a number of seconds above 0, up to {MOST_S:,}, not {seconds:g}")


Job: TypeAlias = Annotated[
    str | None,
    typer.Option(
        "--job",
        envvar="SIMUL_JOB",
        help="A function of yours as the workload, MODULE:FUNCTION (shop.tasks:send_mail): plain, async or a "
        "Celery task.",
    ),
]
AsyncJob: TypeAlias = Annotated[
    str | None,
    typer.Option(
        "--async-job",
        envvar="SIMUL_ASYNC_JOB",
        help="Its `async def` twin, MODULE:FUNCTION, for event loops. Without it they call the plain "
        "function in threads.",
    ),
]
Args: TypeAlias = Annotated[
    Path | None,
    typer.Option(
        "--args",
        envvar="SIMUL_ARGS",
        help="What it is called with, one JSON value a line: an object is keyword arguments, a list "
        "positional ones, anything else the one argument; - reads stdin. Without it: no arguments.",
    ),
]
Repeat: TypeAlias = Annotated[
    int | None,
    typer.Option(envvar="SIMUL_REPEAT", min=1, help="Calls with each line, where there are few lines."),
]
AppDir: TypeAlias = Annotated[
    Path | None,
    typer.Option(
        "--app-dir", envvar="SIMUL_APP_DIR", help="Where its module is looked for first. Without it: here."
    ),
]
CheckAnswers: TypeAlias = Annotated[
    Literal["equal", "type", "none"],
    typer.Option(
        "--check",
        envvar="SIMUL_CHECK",
        help="What of its answers must be as serial's: all, the type, or nothing (for random ones).",
    ),
]
TimeLimit: TypeAlias = Annotated[
    float | None,
    typer.Option(
        "--time-limit",
        envvar="SIMUL_JOB_LIMIT",
        callback=_limited,
        help="Seconds that a job may take; one that takes longer has failed. Without it: 25.",
    ),
]
