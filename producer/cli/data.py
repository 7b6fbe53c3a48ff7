"""`simul data make` and `simul data check`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from producer.cli import options
from producer.cli.console import bar, tell
from producer.workloads import data_files

app = typer.Typer(help="Make and check sets of data files.", no_args_is_help=True)


@app.command()
def make(
    files: options.Count = data_files.DEFAULT_COUNT,
    seed: options.FileSeed = data_files.DATA_SEED,
    into: options.Into = Path("data"),
    corrupt: options.Corrupt = 0,
    quiet: options.Quiet = False,
) -> None:
    """Write a set of data files."""
    with bar("files", files, quiet) as advance:
        damaged = data_files.make(into, files, seed, corrupt, advance)
    tell(f"{files:,} files in {into}, seed {seed}")
    for name, damage in damaged.items():
        tell(f"{name}: {damage}")


@app.command()
def check(
    directory: Annotated[Path, typer.Argument(help="The directory of data files.")],
    quiet: options.Quiet = False,
) -> None:
    """Check a set of data files; exit code 0 only when all are right."""
    with bar("files", None, quiet) as advance:
        verdicts = data_files.check(directory, advance)
    bad = [verdict for verdict in verdicts if verdict.verdict != "correct"]
    for verdict in bad:
        what = verdict.reason or f"the sum is {verdict.expected}, the file says {verdict.found}"
        tell(f"{verdict.file}: {verdict.verdict}: {what}")
    tell(f"{len(verdicts) - len(bad):,} of {len(verdicts):,} files are right")
    if bad:
        raise typer.Exit(1)
