"""`simul check`."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Annotated

import typer

from producer.cli import options
from producer.cli.console import as_utf8, tell
from producer.printable import json_text, terminal

#: The exit code where an answer is not supported, or cannot be read.
UNSUPPORTED = 8
#: So many questions without an answer have a line each, more of them one together.
FEW = 5


def check(
    sheet: Annotated[
        Path, typer.Argument(metavar="SHEET", help="A lab sheet with answers in it, as docs/lab-sheet.md.")
    ],
    results_: options.Results,
    as_json: options.Json = False,
) -> None:
    """Say which answers on a lab sheet your own results do not support."""
    from producer import results
    from producer.sheet.reading import read
    from producer.sheet.verdicts import all_supported, judge

    filled = read(sheet)
    loaded = {as_utf8(path): results.load_comparison(path) for path in dict.fromkeys(results_)}
    verdicts = judge(filled, loaded)
    if as_json:
        print(json_text(verdicts))
    else:
        left = [verdict for verdict in verdicts if verdict.status == "not answered"]
        together = left if len(left) > FEW else []
        for verdict in (verdict for verdict in verdicts if verdict not in together):
            written = " ".join(verdict.answer.split())
            answer = f"{written}: " if written and verdict.status != "open" else ""
            name = verdict.question or f"line {verdict.line}"
            where = f" (line {verdict.line})" if verdict.question and verdict.status == "unreadable" else ""
            tell(terminal(f"{name:<8} {verdict.status:<13}  {answer}{verdict.text}{where}").rstrip())
        if together:
            names = (verdict.question or f"line {verdict.line}" for verdict in together)
            tell(terminal(f"not answered: {', '.join(names)}"))
        counts = Counter(verdict.status for verdict in verdicts)
        tell("")
        tell(", ".join(f"{count} {status}" for status, count in counts.items()))
    if not all_supported(verdicts):
        raise typer.Exit(UNSUPPORTED)
