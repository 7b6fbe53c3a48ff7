"""Greenlets that write records by turns, of which some are killed anywhere. A program: it patches first.

    python -m tests.integration.recording_greenlets gevent|eventlet

Prints the indexes of those that have returned; each of their records is to be in the stream.
"""

from __future__ import annotations

import importlib
import random
import sys
from typing import Any

KIND = sys.argv[1] if __name__ == "__main__" else ""
WRITERS, KILLED = 200, 60

if KIND == "gevent":
    gevent: Any = importlib.import_module("gevent")
    importlib.import_module("gevent.monkey").patch_all()
    spawn, sleep = gevent.spawn, gevent.sleep

    def kill(greenlet: Any) -> None:
        greenlet.kill(block=False)

elif KIND == "eventlet":
    import eventlet

    eventlet.monkey_patch()
    spawn, sleep = eventlet.spawn, eventlet.sleep

    def kill(greenlet: Any) -> None:
        greenlet.kill()


def main() -> None:
    """Have greenlets write one after the other, and kill some of those that are at it."""
    from worker.records import JobRecord
    from worker.writer import writer

    chance = random.Random(4)
    written: list[int] = []

    def write(index: int) -> None:
        writer().write("greenlets", JobRecord(index, "here/1", 0, 0, 0, 0, {}, None))
        written.append(index)

    alive: list[Any] = []
    for start in range(0, WRITERS, 10):
        alive += [spawn(write, index) for index in range(start, start + 10)]
        sleep(0)
        for _ in range(KILLED * 10 // WRITERS):
            kill(alive.pop(chance.randrange(len(alive))))
            sleep(0)
    while len(written) < WRITERS - KILLED and not all(map(_is_dead, alive)):
        sleep(0.001)
    sys.stdout.write(" ".join(map(str, written)))


def _is_dead(greenlet: Any) -> bool:
    return bool(greenlet.dead)


if __name__ == "__main__":
    main()
