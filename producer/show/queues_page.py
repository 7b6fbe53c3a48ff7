"""The page of `simul queues`, in Markdown: what each queue does, and what is unequal about it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from producer.contender_name import ContenderName
from producer.contenders.peers import PEERS
from producer.printable import markdown
from producer.results.queue_runs import QueueRuns
from producer.show.guarantees import describe_guarantees, write_guarantee
from producer.stats.queues import QueueRow, queue_row
from producer.system.machine import Machine
from producer.words import NOTHING, counted, digits, gibibytes, listed, mebibytes, percent

HEADINGS = (
    *("queue", "ack", "sent/s", "done/s (min–max)", "of ideal", "CPU a job, ms", "memory"),
    *("offered/s, its half", "latency then, ms p50/p95/p99"),
)
#: How Celery is set up.
CELERY = (
    "The transport celery-reliable-redis; Celery's prefetch, 4; no result backend. Sent by "
    "`send_many` of that transport: Celery's own `delay` is slower (`uv run pytest -m bench -s "
    "tests/bench/test_sending.py`)."
)
#: How what is said of jobs whose worker dies is shown.
DEATHS = (
    "What becomes of a job whose worker dies is shown by `uv run --extra peers pytest -m bench -n 0 -s "
    "tests/bench/test_peer_deaths.py`, in up to half an hour."
)
#: What makes some queues faster where it is installed.
FASTER = ("hiredis", "uvloop")
#: What is said of every number on the page.
#: What such a page begins with.
TITLE = "# Queues side by side"
INTRODUCTION = """\
{title}

Measured by `{command}` on {machine}; {broker}; {loaded}; {rounds} of each, in random order. Every queue has
one worker and the slots behind its @, on the same Redis; the jobs are the same. Made by hand for a release;
another machine has other numbers, and the command shows them.

How to read it: a queue is filled while its worker, warm, stands still; *sent/s* is how fast its own client
does that, and *done/s* how fast the worker then empties it: the median, with the least and the most. From
fewer than five runs nothing is claimed. *CPU a job* is that of the worker's processes. *Latency* is that of
jobs that arrive at half of the queue's own capacity (seeded Poisson arrivals), from the moment each was to
arrive. Every job writes a record to Redis when it is done, which is part of every number: without it no-ops
are done faster (`uv run pytest -m bench -s tests/bench/test_workers.py`).
"""


def write_queues_page(
    measured: Sequence[QueueRuns], rounds: int, machine: Machine, broker: str, command: str
) -> str:
    """Write the whole page; `command` is what makes it again."""
    names = list(dict.fromkeys(runs.contender for runs in measured))
    memory = gibibytes(machine.memory_bytes)
    where = f"{machine.cpu}, {counted(machine.cores, 'core')}, {memory}, {machine.python}"
    introduction = INTRODUCTION.format(
        title=TITLE,
        command=command,
        machine=where,
        broker=broker,
        rounds=counted(rounds, "run"),
        loaded=", ".join(f"{name} {machine.packages.get(name, 'not installed')}" for name in FASTER),
    )
    parts = [introduction, *_setups(names, machine), *_guarantees(names)]
    for workload in dict.fromkeys(runs.workload.name for runs in measured):
        parts += _section([runs for runs in measured if runs.workload.name == workload])
    return "\n".join(parts)


def _setups(names: Sequence[ContenderName], machine: Machine) -> Iterator[str]:
    yield "## How each is set up\n"
    yield _line("queue", "versions", "its worker", "what its documentation advises, and what is unequal")
    yield _line(*(":--" for _ in range(4)))
    for name in names:
        if name.is_peer:
            peer = PEERS[name.way]
            command = " ".join(["python", *peer.arguments(name.slots or 1)])
            versions = [f"{each} {machine.packages.get(each, NOTHING)}" for each in peer.distributions]
            yield _line(
                str(name), ", ".join(versions), f"`{command}`", f"{peer.setup} {peer.unequal}".strip()
            )
        else:
            versions = [f"{each} {machine.packages.get(each, NOTHING)}" for each in ("celery", "kombu")]
            command = f"simul worker --pool {name.celery_pool} -c {name.slots or 1}"
            command += "".join(f" --{option} {value}".rstrip() for option, value in name.options)
            note = CELERY
            yield _line(str(name), ", ".join(versions), f"`{command}`", note)
    yield ""


def _guarantees(names: Sequence[ContenderName]) -> Iterator[str]:
    yield "## What each guarantees\n"
    yield from (f"- {markdown(line)}" for line in describe_guarantees(names))
    yield f"\n{DEATHS}\n"


def _section(measured: Sequence[QueueRuns]) -> Iterator[str]:
    workload = measured[0].workload
    rows = sorted(map(queue_row, measured), key=lambda row: -(row.done_per_s or 0.0))
    yield f"## {markdown(workload.name)}\n"
    yield f"{counted(len(workload.jobs), 'job')}: {markdown(workload.description)}.\n"
    ideal = any(row.of_ideal for row in rows)
    shown = [heading for heading in HEADINGS if ideal or heading != "of ideal"]
    yield _line(*shown)
    yield _line(":--", *("--:" for _ in shown[1:]))
    for row in rows:
        cells = dict(zip(HEADINGS, _cells(row), strict=True))
        yield _line(*(cells[heading] for heading in shown))
    yield ""
    yield from (f"- {line}" for line in _remarks(rows))
    yield ""


def _cells(row: QueueRow) -> Iterator[str]:
    yield str(row.contender)
    yield write_guarantee(row.contender)
    yield digits(row.sent_per_s)
    yield (
        "no valid run"
        if row.done_per_s is None
        else (f"{digits(row.done_per_s)} ({digits(row.done_min)}–{digits(row.done_max)})")
    )
    yield percent(row.of_ideal)
    yield digits(row.cpu_ms_a_job)
    yield mebibytes(row.peak_memory_bytes)
    yield digits(row.half_rate)
    ms = row.latency_ms
    yield "/".join(map(digits, (ms.p50, ms.p95, ms.p99))) if ms else NOTHING


def _remarks(rows: Sequence[QueueRow]) -> Iterator[str]:
    """What is unequal in this table, and what went wrong."""
    slots = {row.contender.slots or 1 for row in rows}
    for few in sorted(slots - {max(slots)}):
        whose = listed([str(row.contender) for row in rows if (row.contender.slots or 1) == few])
        yield f"{markdown(whose)}: {counted(few, 'slot')} where others have {max(slots)}."
    early = [str(row.contender) for row in rows if write_guarantee(row.contender) == "early"]
    if early:
        yield f"{markdown(listed(early))}: acknowledged early, which is less to do, and less to rely on."
    for row in rows:
        yield from (f"{markdown(str(row.contender))}: {markdown(problem)}" for problem in row.problems)


def _line(*cells: str) -> str:
    return f"| {' | '.join(cell.replace('|', '&#124;') for cell in cells)} |"
