"""The table of `simul diff`."""

from __future__ import annotations

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.text import Text

from producer.printable import notes, printable, terminal
from producer.show.columns import write_ratio
from producer.show.terminal.fitting import new_table
from producer.stats.diff import Diff
from producer.stats.ratios import RUNS_TO_CLAIM
from producer.words import seconds

#: The most things that are named of those that only one of the results has.
MANY = 8


def show_diff(title: str, changes: Diff, fail_above: float | None) -> RenderableType:
    """Show how a new result compares with the old one, and where it should not be compared."""
    table = new_table()
    for heading in ("workload", "contender"):
        table.add_column(heading, no_wrap=True)
    for heading in ("old", "new", "new/old (95 %)"):
        table.add_column(heading, justify="right", no_wrap=True)
    table.add_column("")
    for row in changes.rows:
        failed = fail_above is not None and row.fails(fail_above)
        table.add_row(
            printable(row.workload),
            printable(str(row.contender)),
            *map(terminal, (seconds(row.old_s), seconds(row.new_s), write_ratio(row.ratio))),
            row.verdict + (f": more than {fail_above:g} times" if failed and not row.broken else ""),
            style="bold red" if failed else "",
        )
    return Group(Text(printable(title), "bold"), table, *_notes(changes))


def _notes(changes: Diff) -> list[Padding]:
    lines = notes((f"FORCED, not comparable: {why}" for why in changes.forced), "bold yellow")
    if changes.remarks:
        lines += notes([f"Differs too: {'; '.join(changes.remarks)}."])
    if any(row.ratio for row in changes.rows):
        lines += notes(["Old and new are medians; new/old is the ratio of the geometric means of the runs."])
    if alone := changes.only_in_one:
        more = f" and {len(alone) - MANY} more" if len(alone) > MANY else ""
        lines += notes([f"Not compared: {'; '.join(alone[:MANY])}{more}."])
    if any(row.ratio and not row.ratio.claims for row in changes.rows):
        lines += notes(
            [f"From fewer than {RUNS_TO_CLAIM} valid runs on either side nothing is claimed."], "yellow"
        )
    return lines
