"""Sends a job list through the broker, collects the records meanwhile, and accounts for every job."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Generator, Iterable, Sequence

import psutil
import redis
from kombu.exceptions import KombuError

from producer.contenders.arrivals import Repeated
from producer.contenders.collect import Collector
from producer.contenders.protocol import Outcome, Progress
from producer.system.client import connect
from producer.system.reaper import Reaper
from producer.words import count_lost
from producer.workloads.calls import Calls
from worker.errors import ContenderError
from worker.jobs import ChessMove, Job, wait_s

#: How long no record may arrive, beyond the longest wait of a job, before the rest is given up as lost.
SILENCE_S = 60.0
#: How long one read waits for records, in milliseconds; then the worker is looked after.
BLOCK_MS = 100
#: The move that warms a slot up: in the start position, and for so many milliseconds.
WARM_UP_FEN = "rnbqkbnr/pppppppp/8/8/8/8/PPPPPPPP/RNBQKBNR w KQkq - 0 1"
WARM_UP_MS = 30
#: How long a broker that went away is waited for, in seconds.
RECONNECT_S = 60.0

#: Sends jobs for the run of that name; yields the number sent so far, now and then.
Publish = Callable[[Sequence[Job], str], Generator[int]]
#: Tells whether to go on waiting after so many seconds without a record.
Patient = Callable[[float], bool]


def run_over_broker(
    publish: Publish,
    broker_url: str,
    jobs: Sequence[Job],
    progress: Progress,
    *,
    death: Callable[[], str | None],
    patient: Patient | None = None,
    reaper: Reaper | None = None,
) -> Outcome:
    """Have the jobs done by whoever gets what `publish` sends.

    `death` says why nobody consumes it any more, or None. Without `patient`, the rest is given up as lost
    when no record has come for `patience_s`. What goes wrong is in the outcome's problems. `reaper` removes
    what is left in the broker where we no longer can.
    """
    patient = patient or (lambda quiet_s: quiet_s <= patience_s(jobs))
    client = connect(broker_url)
    collector = Collector(client, len(jobs), reaper)
    problems: list[str] = []
    try:
        with contextlib.closing(client), collector:
            with contextlib.closing(publish(jobs, collector.run)) as sending:
                for _ in sending:
                    with contextlib.suppress(redis.RedisError):  # what is there is read later
                        collector.read(None)
                    progress(len(collector.records))
                    if death():  # nobody is there for the rest
                        break
            problems += _collect(collector, progress, death, patient)
    except (KombuError, redis.RedisError, OSError) as error:
        problems.append(f"the broker went away: {error}")
    except ContenderError as error:  # of a sender
        problems.append(str(error))
    problems[:0] = collector.problems()  # first: what was refused may be what is missing
    if missing := collector.missing():
        problems.append(f"{count_lost(len(missing), len(jobs))}: {_some(missing)}")
    return Outcome(
        collector.records.values(),
        slots=0,
        workers=len(hosts(collector.names)),
        names=collector.names,
        problems=problems,
        duplicates=collector.duplicates,
        clocks_corrected=collector.clocks_corrected,
    )


def patience_s(jobs: Sequence[Job]) -> float:
    """Say how long no record of these jobs may arrive, in seconds: their longest wait and `SILENCE_S`.

    A call may take as long as any job may.
    """
    if isinstance(jobs, Repeated):
        return patience_s(jobs.jobs)
    if isinstance(jobs, Calls):
        return SILENCE_S + jobs.limit_s
    return SILENCE_S + max(map(wait_s, jobs), default=0.0)


def warm_up_jobs(slots: int) -> list[Job]:
    """Make an unhurried move in the start position for each slot: so long that no slot does two."""
    return [ChessMove(WARM_UP_FEN, wait_ms=WARM_UP_MS)] * slots


def hosts(names: Iterable[str]) -> set[str]:
    """Return the hosts of those who did jobs ("host/pid")."""
    return {name.partition("/")[0] for name in names}


def belongs(names: Iterable[str], roots: Sequence[int]) -> dict[str, int]:
    """Say which of the roots each "host/pid" is, or is a child of; nothing where one has gone, or is neither.

    Names come with records, which whoever can write to the broker can write.
    """
    try:
        pids = {name: int(name.rpartition("/")[2]) for name in names}
        return {
            name: roots.index(pid if pid in roots else psutil.Process(pid).ppid())
            for name, pid in pids.items()
        }
    except (psutil.NoSuchProcess, ValueError):
        return {}


def _collect(
    collector: Collector, progress: Progress, death: Callable[[], str | None], patient: Patient
) -> list[str]:
    last, done = time.monotonic(), len(collector.records)
    while not collector.complete():
        died = death()  # asked before the last read, so that nothing written before it is missed
        try:
            count = collector.read(BLOCK_MS)
        except redis.RedisError:
            if time.monotonic() - last > RECONNECT_S:
                raise
            time.sleep(BLOCK_MS / 1000)  # nothing to wait on: the connection itself is gone
            continue
        if len(collector.records) > done:
            done, last = len(collector.records), time.monotonic()
            progress(done)
        elif died and not count:
            return [died]
        elif not patient(quiet_s := time.monotonic() - last):
            return [f"no record came for {quiet_s:.0f} s"]
    return []


def _some(indexes: Sequence[int]) -> str:
    shown = ", ".join(map(str, indexes[:5]))
    return f"{shown}, …" if len(indexes) > 5 else shown
