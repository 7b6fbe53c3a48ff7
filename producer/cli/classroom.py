"""`simul class`: a module cannot have that name."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from producer.cli import options
from producer.cli.console import say


def classroom(
    results: options.Results,
    out: Annotated[
        Path,
        typer.Option(
            "--out",
            "-o",
            envvar="SIMUL_CLASS",
            help="The page; an earlier page of simul's there is replaced.",
        ),
    ] = Path("class.html"),
    quiet: options.Quiet = False,
) -> None:
    """Put many machines' results of the same work on one page.

    What did other work is refused there, and listed; broken files are left out. Files are named by their
    last part; no host, user or directory is shown.
    """
    from producer.show.classes.load import load_members
    from producer.show.classes.page import write_class_page
    from producer.show.report import files
    from producer.stats.classes import collate

    files.require_writable(out)
    members, broken = load_members(results)
    for each in broken:
        say(f"left out: {each.file}: {each.why}")
    together = collate(members)
    for refused in together.refused:
        say(f"refused: {refused.file}: {refused.workload}: {refused.why}")
    size = files.write_text(write_class_page(together, broken), out)
    if not quiet:
        say(f"{out}: {size / 1e6:.1f} MB")
