"""The options of `simul live`, each with its environment variable."""

from __future__ import annotations

from typing import Annotated, TypeAlias

import typer

Port: TypeAlias = Annotated[
    int,
    typer.Option(
        envvar="SIMUL_PORT", min=0, max=65535, help="The port to listen on; 0 for any that is free."
    ),
]
Host: TypeAlias = Annotated[
    str,
    typer.Option(
        envvar="SIMUL_HOST", help="The address to listen on; 0.0.0.0 for all that this machine has."
    ),
]
AllowedHosts: TypeAlias = Annotated[
    str,
    typer.Option(
        "--allow-host",
        envvar="SIMUL_ALLOW_HOST",
        help="More names by which browsers may reach it, by commas: lab.example.org.",
    ),
]
