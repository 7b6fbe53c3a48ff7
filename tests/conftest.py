"""What every test may use: a keeper and an embedded broker, started once and only when asked for."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from producer.broker import Broker, open_broker
from producer.keeper import Keeper


def pytest_configure() -> None:
    # What the user has set for simul is not for its tests; workers inherit this process's environment.
    for name in list(os.environ):
        if name.startswith(("SIMUL_", "CELERY_")):
            del os.environ[name]


@pytest.fixture(scope="session")
def keeper() -> Iterator[Keeper]:
    """Ends whatever the tests leave behind, even when they are killed."""
    with Keeper() as keeper:
        yield keeper


@pytest.fixture(scope="session")
def broker(keeper: Keeper) -> Iterator[Broker]:
    """An embedded broker. It is a dependency, so there is no machine on which it may be missing."""
    with open_broker(None, keeper) as broker:
        yield broker
