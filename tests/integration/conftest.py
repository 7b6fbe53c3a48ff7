"""Real contenders over a real broker, each started once for all the tests; and Redis servers."""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import redis

from producer.contenders.celery_workers.send import producer_app
from producer.contenders.celery_workers.spawned import SpawnedWorkers
from producer.contenders.designs.contender import DesignContender
from producer.contenders.peers.contender import PeerContender
from producer.contenders.protocol import Contender
from producer.contenders.spec import Spec
from producer.measure.reference_run import work_out
from producer.measure.started_contenders import Roster
from producer.results.reference import Reference
from producer.system.broker import Broker
from producer.system.reaper import Reaper
from producer.workloads import Workload, build, data_files
from tests.helpers import redis_server
from tests.integration.conformance import TROUBLE, runnable, specs
from tests.integration.post import SOON_S, SPECS, Post
from worker.pools import POOLS
from worker.settings import TRANSPORTS

#: Data files, of which some are damaged in every way there is.
FILES, CORRUPT = 12, 7
#: Jobs of each workload: enough that every slot has something to do.
JOBS = {"files": 14, "waits": 8, "mixed": 10}
FEW = 4


@pytest.fixture(scope="session")
def data_root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A set of data files, most of them damaged, with traps beside them."""
    top = tmp_path_factory.mktemp("data")
    (top / "outside.txt").write_text("# data 001\n1, 1\n2\n")
    root = top / "root"
    data_files.make(root, FILES, corrupt=CORRUPT)
    (root / "link.txt").symlink_to(top / "outside.txt")
    (root / "directory.txt").mkdir()
    return root


@pytest.fixture(scope="session")
def make_over(
    request: pytest.FixtureRequest, reaper: Reaper, data_root: Path
) -> Callable[[str], Callable[[Spec], Contender]]:
    """As the lab makes them, over a transport."""

    def over(transport: str) -> Callable[[Spec], Contender]:
        def make(spec: Spec) -> Contender:
            if not spec.name.through_broker:
                return DesignContender(spec, data_root, reaper)
            broker: Broker = request.getfixturevalue(
                "broker"
            )  # not before a pool is wanted: designs need none
            if spec.name.is_peer:
                return PeerContender(spec, broker, data_root, reaper)
            return SpawnedWorkers(spec, broker, producer_app(broker.url), data_root, reaper, transport)

        return make

    return over


@pytest.fixture(scope="session")
def make_contender(make_over: Callable[[str], Callable[[Spec], Contender]]) -> Callable[[Spec], Contender]:
    """As the lab makes them where nobody names a transport."""
    return make_over(TRANSPORTS[0])


@pytest.fixture(scope="session")
def roster(make_contender: Callable[[Spec], Contender]) -> Iterator[Roster]:
    """Every contender, started when it is first wanted and kept for all tests. Break none of them."""
    with Roster(make_contender) as roster:
        yield roster


@pytest.fixture
def own_roster(make_contender: Callable[[Spec], Contender]) -> Iterator[Roster]:
    """Contenders of one test, for it to break."""
    with Roster(make_contender) as roster:
        yield roster


@pytest.fixture(scope="session")
def stock_roster(make_over: Callable[[str], Callable[[Spec], Contender]]) -> Iterator[Roster]:
    """The same over kombu's transport."""
    with Roster(make_over("stock")) as roster:
        yield roster


@pytest.fixture(scope="session")
def client(broker: Broker) -> Iterator[redis.Redis]:
    """A client that waits for records as long as the tests do."""
    with contextlib.closing(
        redis.Redis.from_url(broker.url, protocol=2, socket_timeout=2 * SOON_S)
    ) as client:
        yield client


#: Each pool over each transport. By default the three: a message is refused before a pool gets anything.
EVERYWHERE = [
    pytest.param(
        (spec, roster),
        id=f"{spec.name}-{transport}",
        marks=() if spec in SPECS else pytest.mark.thorough,
    )
    for spec in specs(f"celery:{name}" for name in POOLS)
    for transport, roster in (("reliable", "roster"), ("stock", "stock_roster"))
]


@pytest.fixture(params=EVERYWHERE)
def anywhere(request: pytest.FixtureRequest, broker: Broker, client: redis.Redis) -> Post:
    """Each pool, over each transport."""
    spec, where = request.param
    roster: Roster = request.getfixturevalue(where)
    worker = roster.start(runnable(spec))
    assert isinstance(worker, SpawnedWorkers)
    return Post(worker, broker, client)


@pytest.fixture(scope="session")
def worked_out(data_root: Path) -> Callable[[str], tuple[Workload, Reference]]:
    """Each workload, small, with its right answers."""

    @functools.cache
    def of(name: str) -> tuple[Workload, Reference]:
        workload = build(name, JOBS.get(name, FEW), seed=4, data_root=data_root)
        reference, _ = work_out(workload.jobs, data_root)
        return workload, reference

    return of


@pytest.fixture(scope="session")
def trouble(data_root: Path) -> Reference:
    """What serial answers to `TROUBLE`."""
    return work_out(TROUBLE, data_root)[0]


@pytest.fixture(scope="session", params=[None, "s3cret:@/#?&+;%2F word é"], ids=["open", "password"])
def redis_url(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A real Redis, without and with a password that has to be quoted in an address."""
    with redis_server(tmp_path_factory.mktemp("redis"), request.param) as url:
        yield url
