"""What the benchmark's senders share: for each number on stdin, send so many jobs, say the seconds."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from typing import Any

#: Jobs that are handed over together, where a library sends many at once.
TOGETHER = 500

FEN = "rnbqkbnr/pppppppp/8/8/4P3/8/PPPP1PPP/RNBQKBNR b KQkq - 0 1"


def message(index: int) -> dict[str, Any]:
    """The arguments of a job, as the lab has them."""
    job = {"kind": "chess_move", "fen": FEN, "wait_ms": 17.3, "seed": 3141592653, "depth": None}
    return {"run": "0123456789ab", "index": index, "enqueued_ns": time.monotonic_ns(), "job": job}


def serve(send: Callable[[int], object], versions: str) -> None:
    """Say which versions these are, then send as often as asked."""
    print(versions, flush=True)
    for line in sys.stdin:
        begin = time.perf_counter()
        send(int(line))
        print(time.perf_counter() - begin, flush=True)


def chunks(count: int) -> list[range]:
    """The numbers of `count` jobs, those that go together in one range."""
    return [range(first, min(first + TOGETHER, count)) for first in range(0, count, TOGETHER)]
