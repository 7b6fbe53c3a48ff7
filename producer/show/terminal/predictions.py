"""What was predicted and what was measured, under the tables in a terminal."""

from __future__ import annotations

from rich.console import Console
from rich.text import Text

from producer.printable import notes, terminal
from producer.results import Result
from producer.stats.predictions import VERDICTS, confront, sum_up


def print_predictions(console: Console, result: Result) -> None:
    """Print every prediction beside what was measured; nothing where nobody predicted anything."""
    confronted = confront(result)
    if not confronted:
        return
    console.print()
    console.print(Text("What you predicted", "bold"))
    for each in confronted:
        console.print(*notes([each.workload], "bold"))
        for answer in each.answers:
            line = f"{answer.asked}: {VERDICTS[answer.verdict]}. {answer.text}"
            console.print(*notes([terminal(line)]))
    console.print(*notes([sum_up(confronted)]))
