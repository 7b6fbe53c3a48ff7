"""The long proof's results: one line of JSON for each run, and a table of their sums.

python -m tests.bench.proof_table RESULTS.jsonl
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

import msgspec

_COLUMNS = (
    "pool",
    "transport",
    "tasks",
    "runs",
    "s",
    "kills",
    "lost",
    "twice",
    "per kill",
    "unexplained",
    "stuck",
)


class KillResult(msgspec.Struct):
    """What is kept of a kill."""

    ending: str
    worker: str
    wall: float
    #: Seconds from the first signal to the end of the last process.
    took_s: float
    #: Jobs that had begun and were not done.
    broken_off: int
    #: For each job that was done here and again elsewhere, how long before the end (SIGKILL, or else the
    #: first signal) it was done here, in ms; less than 0 for after that.
    twice_ms: list[float]
    #: The first process of the worker.
    pid: int = 0


class Result(msgspec.Struct):
    """What is kept of a run."""

    pool: str
    transport: str
    seed: str
    date: str
    machine: dict[str, str]
    plan: dict[str, object]
    tasks: int
    seconds: float
    kills: list[KillResult]
    lost: int
    #: Duplicates and unfinished jobs that no kill explains, and jobs that nobody has sent.
    unexplained: int
    leftovers: int
    stuck: int


def read_results(path: Path) -> list[Result]:
    """Read what there is; a file that is not there has none."""
    if not path.exists():
        return []
    return [msgspec.json.decode(line, type=Result) for line in path.read_bytes().splitlines()]


def append_result(path: Path, result: Result) -> None:
    """Keep a run."""
    with path.open("ab") as file:
        file.write(msgspec.json.encode(result) + b"\n")


def make_table(results: Iterable[Result]) -> str:
    """Make a table in Markdown: a row for each pool and transport, and one for each way to end a worker."""
    groups: dict[tuple[str, str], list[Result]] = {}
    for result in results:
        groups.setdefault((result.pool, result.transport), []).append(result)
    rows = [_COLUMNS, ("---",) * len(_COLUMNS)]
    for group in groups.values():
        rows += _rows(group)
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def _rows(group: list[Result]) -> list[tuple[str, ...]]:
    kills, twice = Counter[str](), Counter[str]()
    for kill in (kill for result in group for kill in result.kills):
        kills[kill.ending] += 1
        twice[kill.ending] += len(kill.twice_ms)
    head = (
        *(group[0].pool, group[0].transport, f"{sum(result.tasks for result in group):,}", f"{len(group)}"),
        *(f"{sum(result.seconds for result in group):,.0f}", f"{kills.total()}"),
        f"{sum(result.lost for result in group)}",
        *_twice(twice.total(), kills.total()),
        f"{sum(result.unexplained for result in group)}",
        f"{sum(result.stuck for result in group)}",
    )
    each = [
        ("", ending, "", "", "", f"{kills[ending]}", "", *_twice(twice[ending], kills[ending]), "", "")
        for ending in sorted(kills)
    ]
    return [head, *each]


def _twice(duplicates: int, kills: int) -> tuple[str, str]:
    return f"{duplicates}", f"{duplicates / kills:.2f}" if kills else "–"


if __name__ == "__main__":
    print(make_table(read_results(Path(sys.argv[1]))))
