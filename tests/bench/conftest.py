"""The server on which both benchmarks of the transport run."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration.transport.conftest import binary_of
from tests.integration.transport.lab import Server


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    """A Valkey of one test's own."""
    made = Server(binary_of("valkey"), tmp_path)
    made.start()
    yield made
    made.stop()
