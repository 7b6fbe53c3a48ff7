"""The command that a recommendation ends with is what Celery takes."""

from __future__ import annotations

from dataclasses import replace

import pytest

from producer.contender_name import ContenderName
from tests.advised import (
    SLEEPS,
    advice,
    compared,
    ran,
)

#: What the sleeping function is best at.
THREADS = ran("celery:threads@32", 0.12, 32)


@pytest.mark.parametrize(
    ("name", "is_task", "command", "note"),
    [
        (
            ContenderName("celery:threads", 32),
            True,
            "celery -A shop.tasks worker --pool=threads --concurrency=32",
            'measured with task_acks_late = True and broker_transport = "celery_reliable_redis:Transport"',
        ),
        (
            ContenderName("celery:asyncio", 100),
            False,
            "CELERY_CUSTOM_WORKER_POOL=celery_asyncio_pool:TaskPool celery -A YOUR_APP worker --pool=custom "
            "--concurrency=100",
            "YOUR_APP is the module of your Celery app, with shop.tasks:send_mail as a task; the pool is the "
            "package celery-asyncio-pool; measured with task_acks_late = True and broker_transport = "
            '"celery_reliable_redis:Transport"',
        ),
        (
            ContenderName(
                "celery:prefork",
                4,
                2,
                (("prefetch", "1"), ("acks", "early"), ("transport", "stock"), ("ofair", "")),
            ),
            True,
            "celery -A shop.tasks worker --pool=prefork --concurrency=4 --prefetch-multiplier=1 -Ofair "
            "-n worker1@%h",
            "start 2 workers, each under its own name: worker2@%h likewise; measured with "
            "task_acks_late = False",
        ),
        (
            ContenderName("celery:prefork", 8, options=(("autoscale", "8,2"),), python="3.13"),
            True,
            "celery -A shop.tasks worker --pool=prefork --autoscale=8,2",
            "under Python 3.13; measured with task_acks_late = True and broker_transport = "
            '"celery_reliable_redis:Transport"',
        ),
        (
            ContenderName("celery:solo"),
            True,
            "celery -A shop.tasks worker --pool=solo",
            'measured with task_acks_late = True and broker_transport = "celery_reliable_redis:Transport"',
        ),
    ],
)
def test_the_command_is_what_celery_takes(
    name: ContenderName, is_task: bool, command: str, note: str
) -> None:
    given = advice(compared(replace(SLEEPS, is_task=is_task), ran(name, 1.0, 1)))
    assert (given.command, given.note) == (command, note)


def test_a_hostile_name_is_no_part_of_the_shells_language() -> None:
    what = compared(SLEEPS, THREADS, name="a;rm -rf $HOME:b")
    for run in what.runs:
        run.workload = "a;rm -rf $HOME:b"
    assert advice(what).command.startswith("celery -A 'a;rm -rf $HOME' worker ")
