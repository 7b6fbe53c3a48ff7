"""What a benchmark's job leaves, alike for every contender: a datagram in a Unix socket, with the time.

Python's standard library only: it is imported in the environments of the peers. The environment names the
socket (BENCH_EFFECTS). A sender that waits for the effect of each job binds it (`ping`); for many jobs the
benchmark does.
"""

from __future__ import annotations

import itertools
import json
import os
import socket
import sys
import time
from collections.abc import Awaitable, Callable

#: Round trips that warm up and are not measured, and seconds for the first, in which the worker starts.
WARM_UP, PATIENCE_S = 30, 60

_out = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
_begun, _ended = itertools.count(1), itertools.count(1)


def leave(what: object) -> None:
    """Tell whoever listens that this has happened now."""
    _out.sendto(f"{what} {time.monotonic_ns()}".encode(), os.environ["BENCH_EFFECTS"])


def begin() -> None:
    """Count a job that begins; the first leaves its effect."""
    if next(_begun) == 1:
        leave("begun")


def end(jobs: int) -> None:
    """Count a job that is done; the last of `jobs` leaves its effect."""
    if next(_ended) == jobs:
        leave("ended")


def listen() -> socket.socket:
    """Bind the socket, anew if need be."""
    if os.path.exists(path := os.environ["BENCH_EFFECTS"]):  # noqa: PTH110  # as little as can be
        os.unlink(path)  # noqa: PTH108
    bound = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    bound.bind(path)
    bound.settimeout(PATIENCE_S)
    return bound


def main(
    send: Callable[[int], object],
    fill: Callable[[str, int, float], object],
) -> None:
    """`ping N PAUSE_S`: one job after the other. `fill TASK N SECONDS`: all, before a worker is there."""
    if sys.argv[1] == "ping":
        _Pings().run(send)
    else:
        fill(sys.argv[2], int(sys.argv[3]), float(sys.argv[4]))


async def main_async(
    send: Callable[[int], Awaitable[object]],
    fill: Callable[[str, int, float], Awaitable[object]],
) -> None:
    """The same for those who send from an event loop."""
    if sys.argv[1] == "ping":
        await _Pings().run_async(send)
    else:
        await fill(sys.argv[2], int(sys.argv[3]), float(sys.argv[4]))


class _Pings:
    """Round trips into an idle worker. Prints, as JSON, how long sending and all of it took, in ms."""

    def __init__(self) -> None:
        self.pings, self.pause_s = int(sys.argv[2]), float(sys.argv[3])
        self.bound = listen()
        self.sent_ms: list[float] = []
        self.effect_ms: list[float] = []

    def run(self, send: Callable[[int], object]) -> None:
        for number in range(WARM_UP + self.pings):
            time.sleep(self.pause_s)
            begun = time.monotonic_ns()
            send(number)
            self._note(number, begun, time.monotonic_ns())
        self._print()

    async def run_async(self, send: Callable[[int], Awaitable[object]]) -> None:
        for number in range(WARM_UP + self.pings):
            time.sleep(self.pause_s)  # nothing else is in this loop
            begun = time.monotonic_ns()
            await send(number)
            self._note(number, begun, time.monotonic_ns())
        self._print()

    def _note(self, number: int, begun: int, sent: int) -> None:
        answer, at = self.bound.recv(100).split()
        assert int(answer) == number
        self.sent_ms.append((sent - begun) / 1e6)
        self.effect_ms.append((int(at) - begun) / 1e6)

    def _print(self) -> None:
        json.dump({"sent_ms": self.sent_ms[WARM_UP:], "effect_ms": self.effect_ms[WARM_UP:]}, sys.stdout)
