"""`simul diff`."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from producer.cli import options
from producer.cli.console import stdout
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
    from producer.show.terminal.diff import diff_table
    from producer.stats.diff import checked

    before = results.load(old)
    loaded = {path: results.load(path) for path in dict.fromkeys(new)}
    found = {str(path): checked(before, result, str(path), force) for path, result in loaded.items()}
    if as_json:
        print(json_text({_as_utf8(name): one for name, one in found.items()}))
    else:
        console = stdout()
        for name, one in found.items():
            console.print()
            console.print(diff_table(f"{name} against {old}", one, fail_above))
    if fail_above is not None and any(row.fails(fail_above) for one in found.values() for row in one.rows):
        raise typer.Exit(1)


def _as_utf8(path: str) -> str:
    """The name of a file as JSON can hold it: bytes that are no UTF-8 are spelled."""
    return os.fsencode(path).decode(errors="backslashreplace")
