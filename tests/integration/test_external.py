"""Workers that somebody else started are asked how many they are and what slots they have."""

from __future__ import annotations

import contextlib
import subprocess
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from producer.contenders.celery_workers import external
from producer.contenders.celery_workers.command import worker_command, worker_environment
from producer.contenders.celery_workers.external import ExternalWorkers, Fleet
from producer.contenders.celery_workers.send import producer_app
from producer.contenders.spec import Spec
from producer.system.broker import Broker
from producer.system.reaper import Reaper
from producer.workloads import build
from tests.helpers import ready_worker
from worker.errors import ContenderError
from worker.settings import PROJECT_DATA

pytestmark = pytest.mark.untraced

#: How far another machine's monotonic clock is from ours, in seconds.
OTHER_CLOCK_S = 500_000


@contextlib.contextmanager
def worker(
    broker: Broker,
    reaper: Reaper,
    pool: str,
    slots: int,
    *options: str,
    inside: Sequence[str] = (),
    transport: str = "stock",
) -> Iterator[None]:
    """A worker as a user would start it, once it is ready; `inside` is a command that runs others."""
    command = [*inside, *worker_command(pool, slots, None, "-l", "INFO", *options)]
    environment = worker_environment(pool, broker.url, PROJECT_DATA, transport)
    with ready_worker(command, environment=environment) as process:
        reaper.add_process(process.pid)
        try:
            yield
        finally:
            reaper.drop_process(process.pid)


def contender(broker: Broker, way: str, slots: int = 1) -> ExternalWorkers:
    """What the lab makes with --workers external."""
    app = producer_app(broker.url)
    return ExternalWorkers(Spec(way, slots), broker, app, Fleet(app))


def test_all_workers_of_a_queue_are_found_and_used(broker: Broker, reaper: Reaper) -> None:
    with (
        worker(broker, reaper, "threads", 3, "-n", "one@here"),
        worker(broker, reaper, "threads", 3, "-n", "two@here"),
    ):
        external_workers = contender(broker, "celery:threads", 99)
        external_workers.start()
        assert external_workers.spec == Spec("celery:threads", 3, workers=2)
        assert str(external_workers.spec.name) == "celery:threads@3x2"
        outcome = external_workers.run(build("waits", jobs=30).jobs, lambda _: None)
        assert (outcome.problems, outcome.slots, len(outcome.records)) == ([], 6, 30)
        assert len({record.worker for record in outcome.records}) == 2
        assert outcome.workers == 2
        assert (external_workers.processes(), external_workers.alive()) == ([], True)
        external_workers.stop()
        external_workers.start()  # stopping is for those who started them: they are still there

        differing = worker(broker, reaper, "threads", 2, "-n", "three@here")
        with differing, pytest.raises(ContenderError, match="differ in slots"):
            contender(broker, "celery:threads").start()


def test_a_run_in_which_a_worker_went_away_is_none_of_all_workers(broker: Broker, reaper: Reaper) -> None:
    workload = build("waits", 4)
    with worker(broker, reaper, "threads", 2, "-n", "one@here"):
        with worker(broker, reaper, "threads", 2, "-n", "two@here"):
            external_workers = contender(broker, "celery:threads")
            external_workers.start()
            assert external_workers.run(workload.jobs, lambda _: None).problems == []
        outcome = external_workers.run(workload.jobs, lambda _: None)
    assert len(outcome.records) == 4
    [problem] = outcome.problems
    assert problem.startswith("1 of 2 workers answered no more afterwards (two@here)")


def test_times_of_a_machine_with_another_clock_are_corrected(
    broker: Broker, reaper: Reaper, tmp_path: Path
) -> None:
    elsewhere = another_machine(tmp_path / "boot_id")
    with worker(broker, reaper, "threads", 2, inside=elsewhere):
        external_workers = contender(broker, "celery:threads")
        external_workers.start()
        outcome = external_workers.run(build("waits", jobs=6).jobs, lambda _: None)
    assert outcome.problems == []
    assert outcome.clocks_corrected
    off_s = max(abs(record.finished_ns - time.monotonic_ns()) for record in outcome.records) / 1e9
    assert off_s < OTHER_CLOCK_S / 2


def another_machine(boot_id: Path) -> list[str]:
    """What makes a command believe that it runs on a host that was booted long before this one."""
    boot_id.write_text("another\n")
    mount = f'mount --bind {boot_id} /proc/sys/kernel/random/boot_id && exec "$@"'
    command = ["unshare", "--mount", "--time", "--monotonic", str(OTHER_CLOCK_S), "sh", "-c", mount, "sh"]
    with contextlib.suppress(FileNotFoundError):
        if subprocess.run([*command, "true"], capture_output=True).returncode == 0:
            return command
    pytest.skip("this user may not make namespaces (unshare): there is no other clock")


def test_workers_say_what_carries_their_messages_and_share_a_queue_whatever_it_is(
    broker: Broker, reaper: Reaper
) -> None:
    app = producer_app(broker.url)
    fleet = Fleet(app)
    external_workers = ExternalWorkers(Spec("celery:threads", 1), broker, app, fleet)
    with (
        worker(broker, reaper, "threads", 2, "-n", "stock@here"),
        worker(broker, reaper, "threads", 2, "-n", "reliable@here", transport="reliable"),
    ):
        external_workers.start()
        assert fleet.transport == "reliable and stock"
        outcome = external_workers.run(build("waits", jobs=30).jobs, lambda _: None)
        assert (outcome.problems, outcome.duplicates, len(outcome.records)) == ([], 0, 30)
        assert len({record.worker for record in outcome.records}) == 2


def test_where_there_is_no_worker_it_is_said_how_to_start_one(
    broker: Broker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(external, "NOBODY_S", 0.1)
    with pytest.raises(ContenderError, match=r"consumes simul\.eventlet .*`simul worker --pool eventlet`"):
        contender(broker, "celery:eventlet").start()
