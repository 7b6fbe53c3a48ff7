"""Says once, when the package is imported, what the Celery that it runs on lacks."""

from __future__ import annotations

import logging

import celery

from celery_asyncio_pool.old_celery import read_numbers

# Not one of Celery's: those are silent until the worker has set them up, which is after the import.
logger = logging.getLogger(__name__)

#: The oldest and the newest Celery that the pool is tested with.
OLDEST, NEWEST = (5, 5), (5, 7)


def say_what_is_missing(version: str = celery.__version__) -> None:
    """Log in one line what this version of Celery lacks, or that the pool is not made for it."""
    if text := describe_missing(version):
        logger.warning("celery-asyncio-pool: %s", text)


def describe_missing(version: str) -> str | None:
    """Return what a user of that version of Celery would miss; None if that is nothing.

    What concerns every pool of Celery's is left to Celery's changelog.
    """
    numbers = read_numbers(version)
    if not OLDEST <= numbers <= NEWEST:
        return (
            f"Celery {version} is not a version that this pool is made for "
            f"({_join(OLDEST)} to {_join(NEWEST)}): try your tasks before you rely on it."
        )
    if numbers < (5, 7):
        return (
            f"Celery {version} calls no on_failure, after_return and task_failure after a hard time limit; "
            "from 5.7 on it does."
        )
    return None


def _join(numbers: tuple[int, ...]) -> str:
    return ".".join(map(str, numbers))
