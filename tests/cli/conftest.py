"""A finished comparison, made once by the real command for all the tests that look at its output."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.helpers import Said, simul


class Compared(NamedTuple):
    """A comparison, what it said, and the file it left."""

    said: Said
    file: Path
    directory: Path


@pytest.fixture(scope="session")
def compared(tmp_path_factory: pytest.TempPathFactory) -> Compared:
    """A quick comparison of two workloads with three contenders."""
    directory = tmp_path_factory.mktemp("compared")
    file = directory / "out" / "a.json.gz"
    contenders = "serial,threads@4,celery:threads@2,interpreters@2"
    said = simul(
        "compare", "waits", "files", "--quick", "--with", contenders, "--out", str(file), cwd=directory
    )
    assert said.code == 0, said.err
    return Compared(said, file, directory)


@pytest.fixture
def short_tmp() -> Iterator[Path]:
    """A directory with a short path: what a command leaves in its temporary directory is seen there."""
    with tempfile.TemporaryDirectory(prefix="s-") as directory:
        yield Path(directory)
