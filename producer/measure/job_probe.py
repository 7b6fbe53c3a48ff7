"""Measures a function of a user's alone, before anything is compared: what a job *is*.

Another process does it (see `job_probe_child`): nothing of a user's is ever imported into the lab. It is
ended where it gives no sign of life for longer than a job may take.
"""

from __future__ import annotations

import contextlib
import json
import os
import select
import signal
import subprocess
import sys
import tempfile
from time import monotonic
from typing import IO, Any

import msgspec

from producer.system.exits import how_it_ended
from producer.system.inherited import inherited
from producer.workloads.calls import Calls
from producer.workloads.job_facts import JobFacts
from worker.errors import TargetError
from worker.jobs import Call
from worker.records import error_line, escape_unprintable
from worker.settings import PROJECT, Settings
from worker.target import Target

#: Lines that the function is called with, and their characters in all: it need not see a million of them.
MOST_LINES, MOST_CHARACTERS = 1000, 2**24
#: How much longer than a job may take a call, or an import, may go on before it is given up, in seconds.
MARGIN_S = 30.0
#: The most characters of what it says it is doing.
MOST_SAID = 100
#: How often a process that says nothing is looked at, in seconds.
LOOK_S = 0.1


def probe(
    calls: Calls, target: Target, *, executable: str = sys.executable, job_limit_s: float | None = None
) -> JobFacts:
    """Call the function of `target` with the first lines of `calls`, and return what it is like.

    `job_limit_s` is the time limit for a job, in seconds; None: as the environment says. A probe takes up to
    eight seconds, or as long as half a dozen calls.

    Raises:
        TargetError: it cannot be found or imported, the first line does not fit it, or it ends its process.
    """
    limit_s = Settings.read().job_limit_s if job_limit_s is None else job_limit_s
    environment = {**inherited(), **target.environment(), "SIMUL_JOB_LIMIT": str(limit_s)}
    with tempfile.TemporaryFile() as printed, _started(executable, environment, printed) as process:
        assert process.stdin
        try:
            with contextlib.suppress(BrokenPipeError):  # it has ended, and its last words say why
                process.stdin.write(json.dumps(_first_lines(calls)).encode() + b"\n")
                process.stdin.flush()
            return _listen(process, target.name, limit_s + MARGIN_S, printed)
        finally:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(process.pid, signal.SIGKILL)  # and what the function has started
            with contextlib.suppress(OSError):
                process.stdin.close()


def _started(executable: str, environment: dict[str, str], printed: IO[bytes]) -> subprocess.Popen[bytes]:
    try:
        return subprocess.Popen(
            [executable, "-m", "producer.measure.job_probe_child"],
            stdin=subprocess.PIPE,  # open as long as somebody waits for the facts
            stdout=subprocess.PIPE,
            stderr=printed,
            env=environment,
            cwd=PROJECT,
            start_new_session=True,  # Ctrl-C is for the lab
        )
    except OSError as error:
        raise TargetError(f"{executable} cannot be started (--python): {error.strerror or error}") from None


def _first_lines(calls: Calls) -> list[str]:
    lines: list[str] = []
    characters = 0
    for number in range(min(calls.lines, len(calls), MOST_LINES)):
        call = calls[number]
        assert isinstance(call, Call)
        characters += len(call.arguments)
        if lines and characters > MOST_CHARACTERS:
            break
        lines.append(call.arguments)
    return lines


def _listen(process: subprocess.Popen[bytes], name: str, patience_s: float, printed: IO[bytes]) -> JobFacts:
    """Wait for the facts, as long as there are signs of life."""
    assert process.stdout
    phase, text, heard = "its start", b"", monotonic()
    while True:
        ended = _has_ended(process)  # before it is listened to: what it said last is heard
        if select.select([process.stdout], [], [], LOOK_S)[0] and (
            more := os.read(process.stdout.fileno(), 2**16)
        ):
            *lines, text = (text + more).split(b"\n")
            for line in lines:
                if line.startswith(b"{"):
                    return _read(line, name)
                phase = escape_unprintable(line.decode(errors="replace"))[:MOST_SAID]
            heard = monotonic()
        elif ended:
            how = how_it_ended(process.wait(), printed)
            raise TargetError(
                escape_unprintable(f"{name} was to be measured, and at {phase} its process {how}")
            )
        elif monotonic() - heard > patience_s:
            raise TargetError(
                f"{name} was to be measured, and at {phase} nothing was heard of it for {patience_s:.3g} s: "
                "nothing can interrupt it"
            )


def _has_ended(process: subprocess.Popen[bytes]) -> bool:
    """Tell whether the process has ended, and leave its number taken: what it started has its group."""
    return os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None


def _read(line: bytes, name: str) -> JobFacts:
    try:
        answer = msgspec.json.decode(line, type=dict[str, Any])
        if error := answer.get("error"):
            raise TargetError(escape_unprintable(str(error)))
        return msgspec.convert(answer["facts"], JobFacts)
    except (msgspec.MsgspecError, UnicodeDecodeError, KeyError) as error:
        raise TargetError(
            f"{name} was to be measured, and its process said what are no facts: does the function write to "
            f"descriptors that it has not opened? {error_line(error)}"
        ) from None
