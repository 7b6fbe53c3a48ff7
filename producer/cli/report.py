"""`simul report`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from producer.cli import options
from producer.cli.console import say

if TYPE_CHECKING:
    from producer.show.report.labelled import Labelled


def report(
    results_: options.Results,
    out: options.ReportOut = Path("report.html"),
    static: options.Static = None,
    png: options.Png = False,
    quiet: options.Quiet = False,
) -> None:
    """Turn results into one page that opens anywhere; several stand side by side.

    Results are never overwritten, but a report can be made again at any time: an earlier report of that
    name is replaced, any other file is not.
    """
    from producer.show.report import files

    labelled = write_page(results_, out, quiet)
    if static:
        drawn = files.write_static(labelled, static, png)
        if not quiet:
            kinds = "SVG and PNG" if png else "SVG"
            say(f"{static}: {drawn} charts as {kinds}")


def require_writable(out: Path) -> None:
    """Refuse to write a page over what is no report."""
    from producer.show.report import files

    files.require_writable(out)


def write_page(paths: Sequence[Path], out: Path, quiet: bool) -> list[Labelled]:
    """Write the page of these results, and say how large it is."""
    from producer.show.report import files

    labelled = files.load(paths)
    size = files.write(labelled, out)
    if not quiet:
        say(f"{out}: {size / 1e6:.1f} MB")
    return labelled
