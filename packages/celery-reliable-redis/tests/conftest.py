"""What every test of the transport may use."""

from __future__ import annotations

from pathlib import Path

import hypothesis
import pytest

from transport_servers import any_server, anywhere, lab, restartable, valkey

__all__ = ["any_server", "anywhere", "lab", "restartable", "valkey"]

# How long an example takes is the machine's affair; by default more than 200 ms, or slow data, is a failure.
hypothesis.settings.register_profile(
    "transport", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow]
)
hypothesis.settings.load_profile("transport")

THOROUGH = Path(__file__).parent / "thorough"


@pytest.hookimpl(tryfirst=True)  # before pytest chooses by marker
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """They take minutes: `pytest -m thorough` runs them."""
    for item in items:
        if THOROUGH in item.path.parents:
            item.add_marker(pytest.mark.thorough)
