"""`simul diff`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from producer.cli import options
from producer.cli.console import as_utf8, stdout
from producer.printable import json_text


def diff(
    old: Annotated[Path, typer.Argument(help="The result to compare with.")],
    new: Annotated[list[Path], typer.Argument(help="The results to compare with it.")],
    fail_above: options.FailAbove = None,
    force: options.Force = False,
    as_json: options.Json = False,
) -> None:
    """Compare results of the same work on the same machine: what has become slower?"""
    from producer import results
    from producer.show.terminal.diff import show_diff
    from producer.stats.diff import compare

    before = results.load_comparison(old)
    loaded = {path: results.load_comparison(path) for path in dict.fromkeys(new)}
    diffs = {str(path): compare(before, result, str(path), force) for path, result in loaded.items()}
    if as_json:
        print(json_text({as_utf8(name): changes for name, changes in diffs.items()}))
    else:
        console = stdout()
        for name, changes in diffs.items():
            console.print()
            console.print(show_diff(f"{name} against {old}", changes, fail_above))
    if fail_above is not None and any(
        row.fails(fail_above) for changes in diffs.values() for row in changes.rows
    ):
        raise typer.Exit(1)
