"""What a workload's module hands over: how to make its jobs, and how to sum their answers up."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeAlias

from worker.answers import Answer
from worker.errors import InvalidJobError
from worker.jobs import Job
from worker.settings import PROJECT_DATA

Bound: TypeAlias = Literal["waiting", "disk", "cores", "mixed"]
Check: TypeAlias = Literal["equal", "type", "none"]


@dataclass(frozen=True, slots=True)
class Recipe:
    """How many jobs are wanted, and of what."""

    jobs: int
    seed: int
    #: Files per file check; the other kinds of job ignore it.
    chunk: int = 1
    data_root: Path = PROJECT_DATA

    def __post_init__(self) -> None:
        if self.jobs < 1:
            raise InvalidJobError(f"a workload has 1 job or more, not {self.jobs}")
        from producer.ranges import MAX_RECORDS  # not at the top: a Python that does jobs may have no msgspec

        if self.jobs > MAX_RECORDS:  # told before they are made
            raise InvalidJobError(
                f"a workload has up to {MAX_RECORDS:,} jobs, not {self.jobs:,}: ask for fewer"
            )
        _require_chunk(self.chunk)


@dataclass(frozen=True, slots=True)
class Maker:
    """Makes the jobs of one workload."""

    description: str
    bound: Bound
    #: Sized so that doing them one after the other takes about a second or less; of
    #: uneven ones about two and a half.
    jobs: int
    make: Callable[[Recipe], tuple[Job, ...]]
    #: One line on all the answers of a run, in any order; None where there is nothing to say.
    summary: Callable[[Sequence[Answer]], str] | None = None
    #: Whether `jobs` counts files: with several files to a job, fewer jobs are then the default.
    counts_files: bool = False

    def default_jobs(self, chunk: int = 1) -> int:
        """Return the default number of jobs: fewer with larger chunks, for the same files."""
        _require_chunk(chunk)
        return -(-self.jobs // chunk) if self.counts_files else self.jobs


def _require_chunk(chunk: int) -> None:
    if chunk < 1:
        raise InvalidJobError(f"a file check names 1 file or more, not {chunk}")
