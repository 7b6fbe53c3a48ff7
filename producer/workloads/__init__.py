"""Named, seeded, reproducible lists of jobs: what every contender is given to do.

The same name, size and seed (and, for `files`, the same data) make equal jobs, on every machine.
Nothing here does a job or knows how one is sent.

To add a workload: write a module that ends in a `MAKER`, and give it a line in `WORKLOADS`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from producer.workloads import exchange, files, mixed, noop, search, sieve, trapezoid, uneven, waits
from producer.workloads.maker import Bound, Check, Maker, Recipe
from worker.errors import UnknownNameError
from worker.jobs import Job
from worker.settings import PROJECT_DATA
from worker.target import Target

if TYPE_CHECKING:  # it needs msgspec, which not every Python has that reads jobs
    from producer.workloads.job_facts import JobFacts

__all__ = ["DEFAULT_SEED", "WORKLOADS", "Bound", "Check", "Maker", "Recipe", "Workload", "build"]

#: The seed where nobody names one: the year of the course.
DEFAULT_SEED = 2026

WORKLOADS: dict[str, Maker] = {
    "files": files.MAKER,
    "waits": waits.MAKER,
    "search": search.MAKER,
    "trapezoid": trapezoid.MAKER,
    "sieve": sieve.MAKER,
    "exchange": exchange.MAKER,
    "mixed": mixed.MAKER,
    "uneven": uneven.MAKER,
    "noop": noop.MAKER,
}


@dataclass(frozen=True, slots=True)
class Workload:
    """A list of jobs, and what is known about it."""

    name: str
    seed: int
    jobs: Sequence[Job]
    #: What limits a contender that does everything right.
    bound: Bound
    description: str
    #: The function that is called, and what is known of it; None where the jobs are the lab's own.
    target: Target | None = None
    facts: JobFacts | None = None
    #: What of an answer must be as serial's: all of it, its type, or nothing.
    check: Check = "equal"


def build(
    name: str,
    jobs: int | None = None,
    seed: int = DEFAULT_SEED,
    chunk: int = 1,
    data_root: Path = PROJECT_DATA,
) -> Workload:
    """Build the workload of that name, with so many jobs (default: its own), `chunk` files to a check.

    Raises:
        UnknownNameError: no workload has that name.
        InvalidJobError: fewer than one job, or fewer than one file to a job.
        DataError: it needs data files, and there are none below `data_root`.
    """
    maker = WORKLOADS.get(name)
    if maker is None:
        raise UnknownNameError(f"no workload is called {name!r}; there are: {', '.join(WORKLOADS)}")
    recipe = Recipe(maker.default_jobs(chunk) if jobs is None else jobs, seed, chunk, data_root)
    return Workload(name, seed, maker.make(recipe), maker.bound, maker.description)
