"""The options of `simul lesson`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, TypeAlias

import typer

from producer.lesson.contenders import SlotsPool

Workloads: TypeAlias = Annotated[
    list[str] | None,
    typer.Argument(
        help="What to predict: files, waits, search, trapezoid, sieve, exchange, mixed, uneven, noop. "
        "Without it: files, waits and search."
    ),
]
Answers: TypeAlias = Annotated[
    Path | None,
    typer.Option(
        envvar="SIMUL_ANSWERS",
        help="Take the predictions from this file (TOML, as --template prints it), and ask nothing.",
    ),
]
Template: TypeAlias = Annotated[
    bool,
    typer.Option(
        "--template", envvar="SIMUL_TEMPLATE", help="Print a file of answers to fill in, and measure nothing."
    ),
]
SlotsOf: TypeAlias = Annotated[
    SlotsPool,
    typer.Option(
        "--pool", envvar="SIMUL_LESSON_POOL", help="The Celery pool that is tried with 2 slots and with 32."
    ),
]
