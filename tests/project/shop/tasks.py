"""Functions that a user may have."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import time
from decimal import Decimal
from pathlib import Path
from typing import Any

from celery import Celery

app = Celery("shop", broker="redis://127.0.0.1:1/0")
task: Any = app.task


def nap(ms: float = 5) -> float:
    """Wait."""
    time.sleep(ms / 1000)
    return ms


async def nap_async(ms: float = 5) -> float:
    """Wait, and let others run."""
    await asyncio.sleep(ms / 1000)
    return ms


def echo(*args: Any, **kwargs: Any) -> list[Any]:
    """Return what it was called with."""
    return [list(args), kwargs]


def fail(number: int = 0) -> int:
    """Fail on odd numbers."""
    if number % 2:
        raise KeyError(number)
    return number


def leave(code: int = 3) -> None:
    """Try to end the process."""
    sys.exit(code)


def vanish() -> None:
    """End the process."""
    os._exit(7)


def talk(number: int = 0) -> int:
    """Write to stdout in two ways."""
    print("hello")
    os.write(1, b"raw\n")
    return number


def stubborn(seconds: float) -> float:
    """Catch every Exception, and go on."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        try:
            time.sleep(seconds)
        except Exception:
            continue
    return seconds


def price(cents: int) -> Decimal:
    """Return what is no JSON."""
    return Decimal(cents) / 100


def who() -> int:
    """Return another answer in each process."""
    return os.getpid()


def tags() -> set[str]:
    """Return what has another order in each process."""
    return {"a", "b", "c", "d"}


def where() -> list[str]:
    """Return the current directory, and a variable that Celery would read."""
    return [str(Path.cwd()), os.environ.get("CELERY_TEST_VARIABLE", "")]


@task  # type: ignore[untyped-decorator]
def add(x: int, y: int) -> int:
    """Add."""
    return x + y


@task(bind=True)  # type: ignore[untyped-decorator]
def own_name(self: Any) -> str:
    """Return the name of the task."""
    return str(self.name)


@task(autoretry_for=(KeyError,), max_retries=3)  # type: ignore[untyped-decorator]
def flaky() -> None:
    """Fail, and be sent again to the broker."""
    raise KeyError("again")


class Group:
    """Holds a function."""

    @staticmethod
    def inner(number: int) -> int:
        """Return the number."""
        return number


NUMBER = 7


def begin(seconds: float) -> int:
    """Start a process, and forget it."""
    return subprocess.Popen(["sleep", str(seconds)]).pid


def act(what: str, *arguments: Any) -> Any:
    """Do one of the others: for tests that would otherwise start a worker for each."""
    return globals()[what](*arguments)


async def act_async(what: str, *arguments: Any) -> Any:
    """Do the same, where waiting lets others run."""
    if what == "nap":
        return await nap_async(*arguments)
    return globals()[what](*arguments)
