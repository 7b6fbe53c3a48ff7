"""Progress on stderr: what is running, how many jobs are done, and how fast.

In a terminal it is a live line; elsewhere a line when a workload begins; nothing with --quiet.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from types import TracebackType

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn

from producer.contenders.arrivals import Offer
from producer.contenders.protocol import Contender
from producer.contenders.spec import Spec
from producer.printable import printable
from producer.results import Run
from producer.system.interrupts import held
from producer.words import counted, digits
from producer.workloads import Workload


class ProgressWatcher:
    """Shows a comparison while it runs. Use it as a context manager."""

    def __init__(self, console: Console, quiet: bool = False) -> None:
        self._console = console
        self._quiet = quiet
        self._bar = Progress(
            SpinnerColumn(),
            TextColumn("{task.description}", markup=False),
            BarColumn(bar_width=24),
            MofNCompleteColumn(),
            TextColumn("{task.fields[rate]}", markup=False),
            console=console,
            transient=True,
            disable=quiet or not console.is_terminal,
            refresh_per_second=5,  # drawing takes time that a contender in a small machine would notice
        )
        self._task = self._bar.add_task("", total=None, rate="")
        self._began = time.monotonic()
        self._announced: tuple[str, int, str] | None = None
        self._answering: tuple[int, int] | None = None

    def __enter__(self) -> ProgressWatcher:
        self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bar.stop()

    def working_out(self, workload: Workload) -> None:
        """Show that the right answers are being worked out."""
        self._say(f"{workload.name}: {counted(len(workload.jobs), 'job')}, working out the right answers")
        self._show(f"{workload.name}: working out the right answers")

    def queueing(self) -> None:
        """Show that somebody else compares with the same workers."""
        line = "another comparison uses these workers: waiting for it to end"
        self._say(line)
        self._show(line)

    def awaiting(self, answering: int, awaited: int) -> None:
        """Show how many workers that others start are waited for."""
        if self._answering != (answering, awaited):
            self._answering = (answering, awaited)
            line = f"workers: {answering} of {awaited} answer" if awaited else f"workers: {answering} answer"
            self._say(line)
            self._show(line)

    def starting(self, workload: Workload, specs: Sequence[Spec]) -> None:
        """Show which contender has been starting for longest, and how many start beside it."""
        more = f" and {len(specs) - 1} more" if len(specs) > 1 else ""
        self._show(f"{workload.name}: starting {specs[0].name}{more}")

    def ready(self, workload: Workload, spec: Spec, contender: Contender) -> None:
        """Show nothing: others are still starting, or the first run begins."""

    def left_out(self, workload: Workload, spec: Spec, why: str) -> None:
        """Say that a contender cannot run, or can no longer."""
        self._show(f"{workload.name}: leaving out {spec.name}: {why}")

    def running(self, workload: Workload, spec: Spec, round_: int, rounds: int, offer: Offer | None) -> None:
        """Show that a run begins."""
        at_rate = f", {offer.rate:,g} jobs/s" if offer else ""
        if self._announced != (workload.name, round_, at_rate):
            self._announced = (workload.name, round_, at_rate)
            self._say(f"{workload.name}: round {round_} of {rounds}{at_rate}")
        self._show(
            f"{workload.name}: round {round_}/{rounds}{at_rate}  {spec.name}", total=len(workload.jobs)
        )

    def progress(self, done: int) -> None:
        """Show how many jobs of the run are done."""
        elapsed_s = time.monotonic() - self._began
        rate = f"{digits(done / elapsed_s)} jobs/s" if elapsed_s else ""
        self._bar.update(self._task, completed=done, rate=rate)

    def ran(self, run: Run) -> None:
        """Show that a run has ended."""
        if run.problems and not self._quiet:
            self._print(
                f"{run.workload}: round {run.round} of {run.contender} is invalid: {run.problems[0]}", "red"
            )

    def _show(self, description: str, total: int | None = None) -> None:
        self._began = time.monotonic()
        self._bar.reset(self._task, description=printable(description), total=total, rate="")

    def _say(self, line: str) -> None:
        if not self._quiet and not self._console.is_terminal:
            self._print(line)

    def _print(self, line: str, style: str = "") -> None:
        with held():  # or rich, interrupted between writing and forgetting a line, writes it again
            self._console.print(printable(line), style=style, markup=False, emoji=False, highlight=False)
