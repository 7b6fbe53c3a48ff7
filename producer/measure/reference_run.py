"""Works out the right answers, and what the work itself costs.

The jobs are done one after the other, without their waits, in a process of its own, `reference_child`. The
time that a wait takes is known without waiting. Jobs and answers travel as pickles: both ends are this
program, and no message of a broker ever comes this way. Of an answer only its fingerprint is kept.
"""

from __future__ import annotations

import contextlib
import os
import pickle
import signal
import subprocess
import sys
import tempfile
from array import array
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import IO

from producer.measure.reference_child import JobOutcome, Times
from producer.results.columns import HashColumn
from producer.results.reference import Reference, fingerprint
from producer.system.exits import how_it_ended
from producer.system.inherited import inherited
from producer.workloads import Check
from producer.workloads.calls import Calls
from worker.answers import Answer
from worker.errors import SimulError
from worker.jobs import Job, wait_s
from worker.records import error_line
from worker.settings import PROJECT


def work_out(
    jobs: Sequence[Job],
    data_root: Path,
    executable: str = sys.executable,
    variables: Mapping[str, str] | None = None,
    check: Check = "equal",
    keep: bool = True,
) -> tuple[Reference, list[Answer]]:
    """Work out the reference for these jobs, and their answers (none for a job that cannot be done).

    It is done by the Python `executable`, which needs no packages but those that the jobs need, with these
    `variables` in its environment. `check` is what of an answer every contender must give. Without `keep`
    there are no answers.

    Raises:
        SimulError: the process that works them out came to an end; the text says how.
    """
    with (
        tempfile.TemporaryFile() as errors,
        subprocess.Popen(
            [executable, "-m", "producer.measure.reference_child"],
            stdin=subprocess.PIPE,  # open as long as somebody waits for the answers
            stdout=subprocess.PIPE,
            stderr=errors,
            env={**inherited(), **(variables or {})},
            cwd=PROJECT,
            start_new_session=True,  # Ctrl-C is for the lab
        ) as process,
    ):
        assert process.stdin
        assert process.stdout
        try:
            pickle.dump((jobs, data_root), process.stdin)
            process.stdin.flush()
            fingerprints, answers = _read_outcomes(process.stdout, len(jobs), check, keep)
            times: Times = pickle.load(process.stdout)
        except (EOFError, OSError):
            how = how_it_ended(process.wait(), errors)
            raise SimulError(f"the right answers could not be worked out: the process for it {how}") from None
        except Exception as error:  # what a pickle that is none may raise has no end
            raise SimulError(
                "the right answers could not be worked out: the process for it says what are none "
                f"({error_line(error)}); does the function write to files that it has not opened?"
            ) from None
        finally:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(process.pid, signal.SIGKILL)  # also what a function has started; also at a Ctrl-C
            with contextlib.suppress(OSError):
                process.stdin.close()
    work_s, cpu_s = times
    if isinstance(jobs, Calls):  # their waits cannot be left out, and are the time without CPU
        waits_s = array("d", (max(0.0, work - cpu) for work, cpu in zip(work_s, cpu_s, strict=True)))
        work_s = array("d", map(min, work_s, cpu_s))
    else:
        waits_s = array("d", map(wait_s, jobs))
    return Reference(fingerprints, waits_s, work_s, sum(cpu_s), check=check), answers


def _read_outcomes(source: IO[bytes], jobs: int, check: Check, keep: bool) -> tuple[HashColumn, list[Answer]]:
    """Read what became of so many jobs: a fingerprint of each, and the answers where they are kept."""
    fingerprints, answers = HashColumn(), []
    while len(fingerprints) < jobs:
        batch: list[JobOutcome] = pickle.load(source)
        for answer, error in batch:
            fingerprints.append(fingerprint(asdict(answer) if answer else None, error, check))
        if keep:
            answers += [answer for answer, _ in batch if answer]
    return fingerprints, answers
