"""What the package says at import about the Celery that it runs on."""

from __future__ import annotations

import re
import subprocess
import sys

import celery
import pytest

from celery_asyncio_pool.versions import describe_missing


@pytest.mark.parametrize("version", ["5.7.0", "5.7.3rc1"])
def test_nothing_is_said_of_the_newest_celery(version: str) -> None:
    assert describe_missing(version) is None


@pytest.mark.parametrize("version", ["5.5.0", "5.6.3"])
def test_what_an_older_celery_lacks_is_said(version: str) -> None:
    assert f"Celery {version} calls no on_failure" in str(describe_missing(version))


@pytest.mark.parametrize("version", ["5.4.0", "5.8.0b1", "6.0.0", "10.1"])
def test_a_celery_that_nobody_has_tried_is_named(version: str) -> None:
    assert f"Celery {version} is not a version that this pool is made for (5.5 to 5.7)" in str(
        describe_missing(version)
    )


def test_it_is_said_once_in_one_line() -> None:
    program = "import celery_asyncio_pool, celery_asyncio_pool.pool"
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    missing = describe_missing(celery.__version__)
    assert ended.stderr == (f"celery-asyncio-pool: {missing}\n" if missing else "")
    assert "\n" not in str(missing)
    assert re.fullmatch(r"5\.[567]\..*", celery.__version__), "a version that these tests are not for"
