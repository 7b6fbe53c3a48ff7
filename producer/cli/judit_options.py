"""The options of `simul judit`, each with its environment variable."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, TypeAlias

import typer

ExhibitionDesign: TypeAlias = Annotated[
    str, typer.Option("--design", envvar="SIMUL_DESIGN", help="serial, threads or asyncio.")
]
Players: TypeAlias = Annotated[
    str | None,
    typer.Option(
        "--with",
        envvar="SIMUL_JUDIT_WITH",
        help="Play real games, and say who plays them, by commas: serial, asyncio, threads, processes, "
        "celery:gevent@24; one game after the other: celery:gevent/in-turn. Without it: two numbers.",
    ),
]
Judits: TypeAlias = Annotated[
    int, typer.Option(envvar="SIMUL_JUDITS", min=1, help="How many Judits go from table to table.")
]
Race: TypeAlias = Annotated[
    bool, typer.Option("--race", envvar="SIMUL_RACE", help="All at the same time, instead of one by one.")
]
Pgn: TypeAlias = Annotated[
    Path | None, typer.Option("--pgn", envvar="SIMUL_PGN", help="Also write the games, as PGN.")
]
Hour: TypeAlias = Annotated[
    float, typer.Option(envvar="SIMUL_HOUR", help="Seconds that an hour of the exhibition takes.")
]
Opponents: TypeAlias = Annotated[int, typer.Option(envvar="SIMUL_OPPONENTS", help="How many opponents.")]
Moves: TypeAlias = Annotated[int, typer.Option(envvar="SIMUL_MOVES", help="Move pairs in a game.")]
