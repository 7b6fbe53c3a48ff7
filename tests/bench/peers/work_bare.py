"""No task queue at all: LPUSH, and a BLPOP that waits. The floor under every other."""

from __future__ import annotations

import os

import effects
import redis

client = redis.Redis.from_url(os.environ["BENCH_BROKER"])


def send(number: int) -> None:
    """Send one."""
    client.lpush("bench", number)


def work() -> None:
    """Do what comes, for ever."""
    while True:
        popped = client.blpop(["bench"], 1)
        if popped:
            effects.leave(popped[1].decode())


def fill(*_: object) -> None:
    """There is nothing else that it can do."""
    raise NotImplementedError


def main() -> None:
    """Send."""
    effects.main(send, fill)


if __name__ == "__main__":
    work()
