"""Every Celery pool, in a real worker and over either transport, gives the answers of serial."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

import psutil
import pytest

from producer.contenders.protocol import Contender
from producer.contenders.spec import Spec
from producer.measure.started_contenders import Roster
from producer.results.reference import Reference
from producer.system.broker import Broker
from producer.system.client import connect
from producer.workloads import Workload
from tests.helpers import family, survivors
from tests.integration.conformance import Conformance, run, runnable, specs
from worker.jobs import Sieve
from worker.pools import POOLS
from worker.settings import TRANSPORTS

pytestmark = pytest.mark.untraced


@pytest.fixture(scope="module", params=specs(f"celery:{name}" for name in POOLS), ids=lambda spec: spec.name)
def spec(request: pytest.FixtureRequest) -> Spec:
    """A contender of each pool that can run here."""
    return runnable(request.param)


class TestPools(Conformance):
    """All of it, over the transport that is the default."""


@pytest.fixture(scope="module")
def other_roster(make_over: Callable[[str], Callable[[Spec], Contender]]) -> Iterator[Roster]:
    """The same pools over the transport that is not."""
    with Roster(make_over(TRANSPORTS[1])) as roster:
        yield roster


class TestPoolsOverTheOtherTransport(Conformance):
    """All of it once more."""

    @pytest.fixture
    def roster(self, other_roster: Roster) -> Roster:
        return other_roster


def test_several_batches_arrive_whole(
    roster: Roster, worked_out: Callable[[str], tuple[Workload, Reference]]
) -> None:
    workload, reference = worked_out("files")
    jobs = [*workload.jobs] * 18
    outcome = run(Spec("celery:threads", 4), roster, jobs)
    assert len(outcome.records) == 252
    assert replace(reference, fingerprints=[*reference.fingerprints] * 18).differing(outcome.records) == []


def test_stopping_leaves_neither_processes_nor_queues(own_roster: Roster, broker: Broker) -> None:
    contender = own_roster.start(Spec("celery:prefork", 2))
    everything = [process for pid in contender.processes() for process in family(pid)]
    assert len(everything) == 3
    assert all(isinstance(process, psutil.Process) for process in everything)
    contender.stop()
    contender.stop()
    assert survivors(everything) == []
    assert (contender.processes(), contender.alive()) == ([], False)
    client = connect(broker.url)
    try:
        assert [key for key in client.scan_iter("*simul.prefork*") if client.type(key) == b"list"] == []
    finally:
        client.close()


@pytest.mark.parametrize(
    ("way", "uvloop", "loop"),
    [
        ("celery:asyncio", "", "asyncio.unix_events._UnixSelectorEventLoop"),
        ("celery:asyncio", "1", "uvloop.Loop"),
        ("celery:threads", "1", None),
    ],
)
def test_a_run_names_its_event_loop(
    own_roster: Roster, monkeypatch: pytest.MonkeyPatch, way: str, uvloop: str, loop: str | None
) -> None:
    if uvloop:
        pytest.importorskip("uvloop")
    monkeypatch.setenv("CELERY_AIO_UVLOOP", uvloop)
    assert run(Spec(way, 2), own_roster, (Sieve(0, 1),)).event_loop == loop
