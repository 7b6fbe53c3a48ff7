"""Check the data files: short reads and little else (the course's "Yellow Hemp").

The files come in the order of their names, so the seed makes no difference here. More jobs than the
files make go through them again.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from itertools import cycle, islice

from producer.workloads import data_files
from producer.workloads.maker import Maker, Recipe
from worker.answers import Answer, FilesChecked
from worker.jobs import FileCheck


def make(recipe: Recipe) -> tuple[FileCheck, ...]:
    """Make the checks, of `chunk` files each; only the last chunk of the directory may be shorter.

    Raises:
        DataError: there are no data files, or they cannot be listed.
    """
    names = data_files.names(recipe.data_root)
    firsts = range(0, len(names), recipe.chunk)
    checks = [FileCheck(tuple(names[first : first + recipe.chunk])) for first in firsts]
    return tuple(islice(cycle(checks), recipe.jobs))


def summary(answers: Sequence[Answer]) -> str:
    """Say how many files were right."""
    checked = (answer.verdicts for answer in answers if isinstance(answer, FilesChecked))
    counts = Counter(verdict.verdict for verdicts in checked for verdict in verdicts)
    line = f"{counts['correct']:,} of {counts.total():,} files correct"
    others = [f"{counts[kind]:,} {kind}" for kind in ("wrong", "malformed") if counts[kind]]
    return ", ".join([line, *others])


MAKER = Maker(
    description="check small files: each states the sum of its numbers",
    bound="disk",
    jobs=120,
    make=make,
    summary=summary,
    counts_files=True,
)
