"""The stack, built and started once; each test leaves it as it found it."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator

import pytest

from tests.compose.stack import PROJECT, Stack, docker

#: The owner of ./results in the tests: nobody whose number anything could have by default.
OWNER = 4321
#: What gets Docker going on the machine that decides about changes; others have it or have not.
START = PROJECT.parent / "shared" / "docker" / "start"


@pytest.fixture(scope="session", autouse=True)
def engine() -> None:
    """Docker: without it these tests are skipped, unless this is CI on a machine that is meant to have it."""
    if shutil.which("docker") is None or not _succeeds("docker", "compose", "version"):
        missing = "no `docker compose` on this machine"
    elif not _succeeds("docker", "info"):
        missing = "the Docker engine does not answer"
    else:
        return
    expected = os.environ.get("CI") == "true" and START.exists()
    (pytest.fail if expected else pytest.skip)(missing)


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """A stack whose image is built, and of which nothing runs."""
    stack = Stack.cloned(tmp_path_factory.mktemp("compose") / "clone")
    if os.geteuid() == 0:
        os.chown(stack.directory / "results", OWNER, OWNER)
    try:
        stack.compose("build")
        yield stack
    finally:
        stack.down()


@pytest.fixture(scope="session")
def lab(built: Stack) -> Stack:
    """The lab after `docker compose up --scale worker-gevent=2`, when its comparison has ended."""
    built.compose("up", "-d", "--scale", "worker-gevent=2")
    docker("wait", built.compose("ps", "-a", "-q", "producer").stdout.strip())
    return built


def _succeeds(*command: str) -> bool:
    return subprocess.run(command, capture_output=True, timeout=60).returncode == 0
