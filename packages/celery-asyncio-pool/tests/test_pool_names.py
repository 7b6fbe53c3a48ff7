"""What is public of the package: few names, documented, and staying so."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from celery.concurrency.base import BasePool

import celery_asyncio_pool
from celery_asyncio_pool import options

README = Path(__file__).parents[1] / "README.md"


def test_few_names_are_public() -> None:
    assert celery_asyncio_pool.__all__ == [
        *("Celery", "Eager", "Lifespan", "Task", "TaskPool"),
        *("aapply_async", "adelay", "aget", "lifespan"),
    ]


@pytest.mark.parametrize("name", celery_asyncio_pool.__all__)
def test_each_public_name_is_there_and_in_the_readme(name: str) -> None:
    assert getattr(celery_asyncio_pool, name).__doc__
    assert re.search(rf"`(celery_asyncio_pool:)?{name}\b", README.read_text(encoding="utf-8"))


def test_each_option_is_in_the_readme() -> None:
    read = set(re.findall(r"CELERY_AIO_\w+", Path(options.__file__).read_text(encoding="utf-8")))
    assert read == {"CELERY_AIO_PLAIN", "CELERY_AIO_UVLOOP", "CELERY_AIO_SLOW_MS", "CELERY_AIO_DRAIN_S"}
    assert read == set(re.findall(r"`(CELERY_AIO_\w+)` \|", README.read_text(encoding="utf-8")))


def test_celery_shows_the_pool_by_its_full_name() -> None:
    pool = celery_asyncio_pool.TaskPool
    assert issubclass(pool, BasePool)
    assert f"{pool.__module__}:{pool.__name__}" == "celery_asyncio_pool.pool:TaskPool"
