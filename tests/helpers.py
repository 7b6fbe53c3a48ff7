"""What tests share: the real command as a subprocess, process trees, a Redis of one's own."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn
from urllib.parse import quote

import psutil
import pytest
import redis

#: The entry point as it is installed beside this Python.
SIMUL = str(Path(sys.executable).with_name("simul"))
#: An upper bound for whatever has to happen, in seconds. Generous: no test asserts how long anything takes.
SOON_S = 60.0


@dataclass(frozen=True, slots=True)
class Said:
    """What a command wrote, and how it ended."""

    code: int
    out: str
    err: str


def clean_environment(**more: str) -> dict[str, str]:
    """This process's environment without what would change what simul does or how it looks."""
    unwanted = ("SIMUL_", "CELERY_", "FORCE_COLOR", "NO_COLOR", "COLUMNS", "LINES", "TERM")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(unwanted)}
    return {**kept, "TERM": "dumb", **more}


def simul(
    *arguments: str, cwd: Path, timeout_s: float = 2 * SOON_S, environment: Mapping[str, str] | None = None
) -> Said:
    """Run the command to its end, and whatever it started with it where it takes too long."""
    with started(*arguments, cwd=cwd, environment=environment) as process:
        out, err = process.communicate(timeout=timeout_s)
        return Said(process.returncode, out, err)


def started(
    *arguments: str, cwd: Path, environment: Mapping[str, str] | None = None
) -> AbstractContextManager[subprocess.Popen[str]]:
    """The command while it runs; nothing of it is left afterwards."""
    return running([SIMUL, *arguments], cwd, environment)


@contextlib.contextmanager
def ready_worker(
    command: Sequence[str], cwd: Path | None = None, environment: Mapping[str, str] | None = None
) -> Iterator[subprocess.Popen[str]]:
    """A worker that is ready, and is told to stop afterwards; it fails the test where it does not stop."""
    with running(command, cwd, environment) as process:
        assert process.stderr is not None
        await_line(process.stderr, " ready.")
        yield process
        everything = family(process.pid)
        process.terminate()
        process.communicate(timeout=SOON_S)
        end(everything)


@contextlib.contextmanager
def running(
    command: Sequence[str], cwd: Path | None = None, environment: Mapping[str, str] | None = None
) -> Iterator[subprocess.Popen[str]]:
    """A command while it runs, leading a process group of its own; nothing of it is left afterwards."""
    process = subprocess.Popen(
        command,
        cwd=cwd,
        env=clean_environment(**(environment or {})),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    try:
        yield process
    finally:
        end(family(process.pid))
        process.wait()
        for pipe in (process.stdout, process.stderr):
            if pipe:
                pipe.close()


def family(pid: int) -> list[psutil.Process]:
    """A process and everything below it, now."""
    with contextlib.suppress(psutil.NoSuchProcess):
        root = psutil.Process(pid)
        return [root, *root.children(recursive=True)]
    return []


def end(processes: Sequence[psutil.Process]) -> None:
    """Kill what is left of these."""
    for process in processes:
        with contextlib.suppress(psutil.NoSuchProcess):
            process.kill()
    survivors(processes)


def survivors(processes: Sequence[psutil.Process], timeout_s: float = SOON_S) -> list[str]:
    """Those that do not end in time, by their command lines. A process nobody waited for has ended."""
    deadline = time.monotonic() + timeout_s
    while (alive := [process for process in processes if _runs(process)]) and time.monotonic() < deadline:
        # In turns: whoever inherits an orphan may take seconds to wait for it, and it has ended before.
        psutil.wait_procs(alive, timeout=0.05)
    return [line for process in alive if (line := command_line(process))]


def command_line(process: psutil.Process) -> str:
    """What a process was called with; nothing where it has ended."""
    with contextlib.suppress(psutil.NoSuchProcess):
        return " ".join(process.cmdline())
    return ""


def _runs(process: psutil.Process) -> bool:
    try:
        return process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def until(condition: Callable[[], object], what: str, timeout_s: float = SOON_S) -> None:
    """Wait for an event that only looking can tell of."""
    deadline = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < deadline, f"in {timeout_s:.0f} s it did not happen that {what}"
        time.sleep(0.01)


def await_line(stream: Iterator[str], text: str) -> str:
    """Read a command's output up to the line that holds `text`; everything read so far."""
    read = []
    for line in stream:
        read.append(line)
        if text in line:
            return "".join(read)
    raise AssertionError(f"{text!r} was never said; all that was: {''.join(read)}")


def free_port() -> int:
    """A TCP port on which nobody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def lacks(what: str) -> NoReturn:
    """Skip the test for what this machine does not have; fail it under CI=true, where it has to be there."""
    (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)(what)


@contextlib.contextmanager
def redis_server(
    directory: Path,
    password: str | None = None,
    tls: Path | None = None,
    *arguments: str,
    knows_clients: bool = False,
) -> Iterator[str]:
    """The address of a real Redis of one's own; the test is skipped where none is installed.

    `tls` is a directory that holds its certificate and key, redis.crt and redis.key; one that `knows_clients`
    asks them for a certificate of the authority there, ca.crt. `arguments` are those of redis-server.
    """
    program = shutil.which("redis-server")
    if program is None:
        lacks("no redis-server on PATH (Debian: apt-get install redis-server)")
    port = free_port()
    command = [program, "--port", str(port), "--bind", "127.0.0.1", "--dir", str(directory)]
    command += ["--save", "", "--appendonly", "no", *arguments]
    if password:
        command += ["--requirepass", password]
    if tls:
        command += ["--port", "0", "--tls-port", str(port), "--tls-ca-cert-file", str(tls / "ca.crt")]
        command += ["--tls-auth-clients", "yes" if knows_clients else "no"]
        command += ["--tls-cert-file", str(tls / "redis.crt"), "--tls-key-file", str(tls / "redis.key")]
    log = directory / "redis.log"
    with log.open("wb") as output:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=output)
    try:
        assert process.stdout is not None
        ready = any(b"Ready to accept connections" in line for line in process.stdout)
        assert ready, f"redis-server ended with {process.wait()}"
        credentials = f":{quote(password, safe='')}@" if password else ""
        yield f"{'rediss' if tls else 'redis'}://{credentials}127.0.0.1:{port}/0"
    finally:
        process.send_signal(signal.SIGTERM)
        process.communicate()


def content(client: redis.Redis) -> dict[str, object]:
    """All that is in a database of a test's own: the value of each key."""
    read: dict[bytes, Callable[[bytes], object]] = {
        b"string": client.get,
        b"list": lambda key: client.lrange(key, 0, -1),
        b"set": client.smembers,
        b"zset": lambda key: client.zrange(key, 0, -1, withscores=True),
        b"hash": client.hgetall,
        b"stream": client.xrange,
    }
    kinds = {key: client.type(key) for key in client.scan_iter()}
    return {key.decode(): read[kind](key) for key, kind in kinds.items() if kind in read}
