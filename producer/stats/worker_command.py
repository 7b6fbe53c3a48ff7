"""The command that starts a Celery worker as a contender was: the plain `celery` program, for any app."""

from __future__ import annotations

import shlex
from dataclasses import dataclass

from producer.contender_name import ContenderName
from producer.contenders.pool_options import arguments
from worker.errors import UnknownNameError
from worker.pools import Pool, pool
from worker.settings import RELIABLE_TRANSPORT

#: What stands for the module of an app that nobody has named.
YOUR_APP = "YOUR_APP"


@dataclass(frozen=True, slots=True)
class WorkerCommand:
    """How to start it, and what belongs to it that is no part of the command."""

    text: str
    #: Settings of the Celery app that it was measured with: "task_acks_late = True".
    settings: tuple[str, ...]
    #: What else to know, a sentence each.
    remarks: tuple[str, ...]


def make_command(
    name: ContenderName, slots: int, target: str, is_task: bool, transport: str | None
) -> WorkerCommand:
    """Make the command for a contender on a Celery pool.

    `slots` are those of all its workers together. `transport` is what carried the messages of those that do
    not name one; None where others had started the workers.
    """
    row = _pool(name)
    app = target.partition(":")[0] if is_task else YOUR_APP
    options = dict(name.options)
    words = [f"{key}={shlex.quote(value)}" for key, value in row.environment.items()]
    words += ["celery", "-A", shlex.quote(app), "worker", f"--pool={shlex.quote(row.celery_name)}"]
    if row.scales and "autoscale" not in options:
        words.append(f"--concurrency={name.slots or slots}")
    words += map(shlex.quote, arguments(name.options))
    if name.workers > 1:
        words += ["-n", "worker1@%h"]
    return WorkerCommand(" ".join(words), _settings(options, transport), _remarks(name, is_task, target))


def _pool(name: ContenderName) -> Pool:
    called = name.celery_pool or ""
    try:
        return pool(called)
    except UnknownNameError:  # of a result that another version has left
        return Pool(called, called, "")


def _settings(options: dict[str, str], transport: str | None) -> tuple[str, ...]:
    carried_by = options.get("transport", transport)
    acks = options.get("acks", "late" if transport else "")
    return (
        *([f"task_acks_late = {acks == 'late'}"] if acks else []),
        *([f'broker_transport = "{RELIABLE_TRANSPORT}"'] if carried_by == "reliable" else []),
    )


def _remarks(name: ContenderName, is_task: bool, target: str) -> tuple[str, ...]:
    remarks = []
    if not is_task:
        remarks.append(f"{YOUR_APP} is the module of your Celery app, with {target} as a task")
    if name.workers > 1:
        others = "worker2@%h" if name.workers == 2 else f"worker2@%h to worker{name.workers}@%h"
        remarks.append(f"start {name.workers} workers, each under its own name: {others} likewise")
    if name.python:
        remarks.append(f"under Python {name.python}")
    if name.celery_pool == "asyncio":
        remarks.append("the pool is the package celery-asyncio-pool")
    return tuple(remarks)
