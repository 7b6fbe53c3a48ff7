"""Works out the right answers, and what the work itself costs.

The jobs are done one after the other, without their waits, in a process of its own. The time that a
wait takes is known without waiting. That process is this module, run as a program: it reads jobs from
stdin and writes answers to stdout. They travel as pickles: both ends are this program, and no message of
a broker ever comes this way.
"""

from __future__ import annotations

import contextlib
import os
import pickle
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from producer.results.reference import Reference, fingerprint
from producer.system.exits import how_it_ended
from producer.system.inherited import inherited
from worker.errors import SimulError
from worker.jobs import Answer, Job, wait_s
from worker.perform import perform
from worker.records import failure_text
from worker.settings import PROJECT

#: Jobs done before the clock starts, so that imports and caches are not in the numbers.
WARM_UP = 10
#: The most passes over the jobs, and the seconds after which no further one begins.
PASSES, PASSES_S = 3, 2.0


def work_out(jobs: Sequence[Job], data_root: Path) -> tuple[Reference, list[Answer]]:
    """Work out the reference for these jobs, and their answers (none for a job that cannot be done).

    Raises:
        SimulError: the process that works them out came to an end; the text says how.
    """
    with (
        tempfile.TemporaryFile() as errors,
        subprocess.Popen(
            [sys.executable, "-m", "producer.measure.reference_run"],
            stdin=subprocess.PIPE,  # open as long as somebody waits for the answers
            stdout=subprocess.PIPE,
            stderr=errors,
            env=inherited(),
            cwd=PROJECT,
            start_new_session=True,  # Ctrl-C is for the lab
        ) as process,
    ):
        assert process.stdin
        assert process.stdout
        try:
            pickle.dump((list(jobs), data_root), process.stdin)
            process.stdin.flush()
            worked_out: tuple[Reference, list[Answer]] = pickle.load(process.stdout)
        except (EOFError, OSError):
            how = how_it_ended(process.wait(), errors)
            raise SimulError(f"the right answers could not be worked out: the process for it {how}") from None
        finally:
            process.kill()  # also where Ctrl-C comes in between
            with contextlib.suppress(OSError):
                process.stdin.close()
        return worked_out


def main() -> None:
    """Answer the one request on stdin; end as soon as nobody waits for the answer."""
    jobs, data_root = pickle.load(sys.stdin.buffer)
    threading.Thread(target=_end_with_stdin, daemon=True).start()
    pickle.dump(_work_out(jobs, data_root), sys.stdout.buffer)


def _end_with_stdin() -> None:
    os.read(0, 1)
    signal.raise_signal(signal.SIGKILL)


def _work_out(jobs: Sequence[Job], data_root: Path) -> tuple[Reference, list[Answer]]:
    for job in jobs[:WARM_UP]:
        _do(job, data_root)
    began = time.perf_counter()
    passes = [_pass(jobs, data_root)]
    # The limit is what nobody can beat: of each job the fastest time comes closest to it.
    while len(passes) < PASSES and time.perf_counter() - began < PASSES_S:
        passes.append(_pass(jobs, data_root))
    outcomes = passes[0].outcomes
    fingerprints = [fingerprint(asdict(answer) if answer else None, error) for answer, error in outcomes]
    work_s = _least(done.work_s for done in passes)
    waits = tuple(map(wait_s, jobs))
    cpu_s = sum(_least(done.cpu_s for done in passes))
    reference = Reference(tuple(fingerprints), waits, work_s, cpu_s)
    return reference, [answer for answer, _ in outcomes if answer]


@dataclass(slots=True)
class _Pass:
    outcomes: list[tuple[Answer | None, str | None]]
    work_s: list[float]
    cpu_s: list[float]


def _pass(jobs: Sequence[Job], data_root: Path) -> _Pass:
    outcomes, work_s, cpu_s = [], [], []
    for job in jobs:
        before, cpu_before = time.perf_counter(), time.process_time()
        outcomes.append(_do(job, data_root))
        cpu_s.append(time.process_time() - cpu_before)
        work_s.append(time.perf_counter() - before)
    return _Pass(outcomes, work_s, cpu_s)


def _least(passes: Iterable[Sequence[float]]) -> tuple[float, ...]:
    """Choose for each job the least of its passes."""
    return tuple(min(times) for times in zip(*passes, strict=True))


def _do(job: Job, data_root: Path) -> tuple[Answer | None, str | None]:
    try:
        return perform(job, data_root, sleep=lambda _: None), None
    except Exception as error:
        return None, failure_text(error)


if __name__ == "__main__":
    main()
