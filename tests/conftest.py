"""What every test may use: a reaper and an embedded broker, started once and only when asked for."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator

import hypothesis
import psutil
import pytest

from producer.system.broker import Broker, open_broker
from producer.system.reaper import Reaper

#: Processes that run the suite, at the most: each has a broker and workers of its own.
MOST_PROCESSES = 4
#: Tests that want the machine, or the one Compose stack, to themselves.
ALONE = ("bench", "compose")

# How long an example takes is the machine's affair; by default more than 200 ms, or slow data, is a failure.
hypothesis.settings.register_profile(
    "simul", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow]
)
# Where every line is traced: the other stages of `.ci/run` try all the examples.
hypothesis.settings.register_profile("traced", hypothesis.settings.get_profile("simul"), max_examples=20)
hypothesis.settings.load_profile("simul")


def pytest_xdist_auto_num_workers(config: pytest.Config) -> int:
    """One process for each core where the whole suite runs; 0, none but this one, for any part of it."""
    whole = config.args_source is pytest.Config.ArgsSource.TESTPATHS
    together = all(f"not {mark}" in config.option.markexpr for mark in ALONE)
    return min(len(psutil.Process().cpu_affinity()), MOST_PROCESSES) if whole and together else 0


def pytest_configure(config: pytest.Config) -> None:
    # A suite that was started in the background may have been told to ignore these, and its children with it.
    for number in (signal.SIGINT, signal.SIGHUP):
        if signal.getsignal(number) is signal.SIG_IGN:
            signal.signal(number, signal.default_int_handler)
    # What the user has set for simul is not for its tests; workers inherit this process's environment.
    for name in list(os.environ):
        if name.startswith(("SIMUL_", "CELERY_")):
            del os.environ[name]
    # Hundreds of processes are started: where none may leave bytecode beside the sources, each would compile
    # Celery anew, which takes as long as the rest of its start.
    if os.environ.pop("PYTHONDONTWRITEBYTECODE", ""):
        os.environ["PYTHONPYCACHEPREFIX"] = str(config.rootpath / ".pytest_cache" / "bytecode")


@pytest.fixture(scope="session")
def reaper() -> Iterator[Reaper]:
    """Ends whatever the tests leave behind, even when they are killed."""
    with Reaper() as reaper:
        yield reaper


@pytest.fixture(scope="session")
def broker(reaper: Reaper) -> Iterator[Broker]:
    """An embedded broker. It is a dependency, so there is no machine on which it may be missing."""
    with open_broker(None, reaper) as broker:
        yield broker
