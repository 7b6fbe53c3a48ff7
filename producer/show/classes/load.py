"""Reads the results of a class in as many processes as there are cores, and keeps of each what a class needs.

A file of half a megabyte holds fifty thousand records: they go as soon as its numbers are there.
"""

from __future__ import annotations

import hashlib
import multiprocessing
import signal
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from multiprocessing import resource_tracker
from multiprocessing.connection import Connection
from pathlib import Path

from producer import results
from producer.results import Result
from producer.stats.classes import Member, summarise
from producer.system.interrupts import SIGNALS
from producer.system.machine import cores
from worker.errors import ResultError

#: So few files are read before another process would have started.
FEW = 8


@dataclass(frozen=True, slots=True)
class Broken:
    """A file that is left out, and why."""

    file: str
    why: str


def load_members(paths: Sequence[Path]) -> tuple[list[Member], list[Broken]]:
    """Read the results; what cannot be read is left out, and what is there twice counts once.

    Raises:
        ResultError: none of them can be read.
    """
    names = _name(paths)
    members: list[Member] = []
    broken: list[Broken] = []
    known: dict[str, str] = {}
    for name, (read, digest) in zip(names, _read_all(list(zip(paths, names, strict=True))), strict=True):
        if isinstance(read, Broken):
            broken.append(read)
        elif digest in known:
            broken.append(Broken(name, f"the same result as {known[digest]}"))
        else:
            known[digest] = name
            members.append(read)
    if not members:
        first = broken[0]
        more = f" (and {len(broken) - 1} more)" if len(broken) > 1 else ""
        raise ResultError(f"no file is a result (class): {first.file}: {first.why}{more}")
    return members, broken


def _name(paths: Sequence[Path]) -> list[str]:
    """Name each file by its last part alone: directories may be named after people."""
    twice = Counter(path.name for path in paths)
    seen: Counter[str] = Counter()
    names = []
    for path in paths:
        seen[path.name] += 1
        names.append(f"{path.name} ({seen[path.name]})" if twice[path.name] > 1 else path.name)
    return names


#: A file and what to call it; what became of it, and a hash of its bytes.
_Named = tuple[Path, str]
_Read = tuple[Member | Broken, str]


def _read_all(named: Sequence[_Named]) -> list[_Read]:
    processes = min(cores(), len(named) // FEW)
    if processes < 2:
        return [_read(*each) for each in named]
    shares = [named[place::processes] for place in range(processes)]
    with _signals_blocked():  # what a terminal sends to all is for this process alone
        started = [_start(share) for share in shares]
    try:
        read = [connection.recv() for _, connection in started]
    except EOFError:
        raise ResultError("a process that read the files has died (class): is there memory enough?") from None
    finally:
        for process, connection in started:
            connection.close()
            process.terminate()
            process.join()
    return [read[place % processes][place // processes] for place in range(len(named))]


def _start(share: Sequence[_Named]) -> tuple[multiprocessing.process.BaseProcess, Connection]:
    # Not forked: numpy may have started threads here.
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe(duplex=False)
    process = context.Process(target=_read_share, args=(share, theirs), daemon=True)
    process.start()
    theirs.close()
    return process, ours


def _read_share(share: Sequence[_Named], answer: Connection) -> None:
    """Read these files, in a process of its own, which ends with the last of them, whoever listens."""
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGTERM})
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    with suppress(BrokenPipeError):
        answer.send([_read(*each) for each in share])


def _read(path: Path, name: str) -> _Read:
    try:
        result = results.load_comparison(path)
        return summarise(name, result), _digest(result)
    except ResultError as error:
        return Broken(name, str(error).replace(str(path), "it")), ""
    except OSError as error:
        return Broken(name, f"it cannot be read: {error.strerror}"), ""


def _digest(result: Result) -> str:
    """Tell a result from every other, however its file is packed: nobody measures the same times twice."""
    runs = [(run.began, run.makespan_s) for run in result.runs]
    return hashlib.sha256(repr((result.created, result.machine, runs)).encode()).hexdigest()


@contextmanager
def _signals_blocked() -> Iterator[None]:
    # Python 3.11 unblocks signals as it starts this helper, so that has to have happened.
    resource_tracker.ensure_running()
    before = signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
