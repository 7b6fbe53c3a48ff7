"""`simul show`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from producer.cli import options
from producer.cli.console import stdout

if TYPE_CHECKING:
    from producer.results import Result
    from producer.show.export import Format


def show(
    result: Annotated[Path, typer.Argument(help="A result file.")],
    as_json: options.Json = False,
    export: options.Export = None,
    wide: options.Wide = False,
) -> None:
    """Print the tables of a saved result."""
    from producer import results

    render(results.load(result), as_json, export, wide)


def render(result: Result, as_json: bool, export: Format | None, wide: bool) -> None:
    """Print a result as tables, or as what other programs read."""
    if as_json or export:
        from producer.show.export import export as write

        print(write(result, export or "json"), end="")
    else:
        from producer.show.terminal.tables import print_result

        print_result(stdout(), result, wide)
