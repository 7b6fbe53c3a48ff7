"""The recommendation in a terminal: a paragraph, and a command that can be copied whole."""

from __future__ import annotations

from rich.console import Console
from rich.text import Text

from producer.printable import notes, terminal
from producer.results import Result, WorkloadResult
from producer.show.advice import give_advice
from producer.stats.summary import summaries


def print_advice(console: Console, result: Result, workload: WorkloadResult) -> None:
    """Print the recommendation of a workload that calls a function of the user's; of others nothing."""
    if workload.facts is None:
        return
    advice = give_advice(result, workload, summaries(result, workload))
    if advice is None:
        return
    console.print()
    console.print(*notes([advice.text], "" if advice.command else "red"))
    if advice.command:
        # No line break of ours in it: a terminal breaks it where it must, and what is copied is one line.
        console.print(Text(f"  $ {terminal(advice.command)}", "bold"), soft_wrap=True)
    if advice.note:
        console.print(*notes([advice.note]))
