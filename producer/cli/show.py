"""`simul show`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from producer import results
from producer.cli import options
from producer.cli.console import stdout
from producer.export import Format, exported
from producer.results import Result
from producer.tables import print_result


def show(
    result: Annotated[Path, typer.Argument(help="A result file.")],
    as_json: options.Json = False,
    export: options.Export = None,
) -> None:
    """Print the tables of a saved result."""
    render(results.load(result), as_json, export)


def render(result: Result, as_json: bool, export: Format | None) -> None:
    """Print a result as tables, or as what other programs read."""
    if as_json or export:
        print(exported(result, export or "json"), end="")
    else:
        print_result(stdout(), result)
