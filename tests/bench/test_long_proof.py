"""Many jobs while workers are ended in four ways: none is lost, and each that is done twice has a cause.

    pytest -m bench tests/bench/test_long_proof.py -s [-k prefork]

The jobs of each pool come by `send_many`, PROOF_RATE of them in a second, until PROOF_TASKS are done, in runs
of at most PROOF_RUN_TASKS, each on a server of its own. With PROOF_RESULTS=FILE each run leaves a line there,
and who starts again goes on where the lines end. PROOF_EVERY_S, PROOF_GRACE_S, PROOF_LEASE_S, PROOF_WORKERS
and PROOF_ENDINGS say how workers are ended. `tests/bench/proof_table.py` sums the lines.

kombu's own transport goes through the same for comparison; its losses are counted and not asserted.
"""

from __future__ import annotations

import os
import platform
import time
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path
from typing import Any, cast

import pytest

from tests.bench.proof_run import Plan, Run
from tests.bench.proof_table import KillResult, Result, append_result, make_table, read_results
from tests.bench.proof_verdict import Verdict
from tests.bench.proof_workers import Ending, Kill, Setting
from transport_lab import RELIABLE, require_pool, running_server
from transport_servers import binary_of

pytestmark = pytest.mark.bench

POOLS = ("prefork", "threads", "gevent", "asyncio")
TASKS = int(os.environ.get("PROOF_TASKS", "40000"))
RUN_TASKS = int(os.environ.get("PROOF_RUN_TASKS", "100000"))
#: With 0, as many as are done.
RATE = float(os.environ.get("PROOF_RATE", "800"))
EVERY_S = float(os.environ.get("PROOF_EVERY_S", "2"))
GRACE_S = float(os.environ.get("PROOF_GRACE_S", "2"))
LEASE_S = float(os.environ.get("PROOF_LEASE_S", "2"))
WORKERS = int(os.environ.get("PROOF_WORKERS", "4"))
#: In gevent, a cold shutdown kills the jobs under way, and Celery acknowledges them as if they were done
#: (5.7, `celery.concurrency.gevent`): they are lost with any transport.
ENDINGS = {"gevent": "hard,warm,graced"}
#: So that what stock workers leave comes back within the run.
STOCK_OPTIONS: dict[str, Any] = {
    "visibility_timeout": 10,
    "unacked_restore_interval": 1,
    "unacked_restore_throttle": 1,
    "unacked_mutex_expire": 5,
    "max_connections": 10_000,
}


@pytest.fixture
def results(tmp_path: Path) -> Path:
    """Where each run leaves its line."""
    return Path(os.environ.get("PROOF_RESULTS", tmp_path / "results.jsonl"))


@pytest.mark.parametrize("pool", POOLS)
def test_nothing_is_lost_and_every_duplicate_has_a_cause(tmp_path: Path, results: Path, pool: str) -> None:
    lines = _do(tmp_path, results, pool, RELIABLE, {"lease": LEASE_S})
    assert not sum(line.lost for line in lines)
    assert not sum(line.unexplained for line in lines)
    assert not sum(line.leftovers for line in lines)
    # Celery (5.7) has two ways to wait for ever, with any transport (docs/transport.md).
    assert pool in ("prefork", "threads") or not sum(line.stuck for line in lines)


@pytest.mark.parametrize("pool", POOLS)
def test_what_the_stock_transport_loses(tmp_path: Path, results: Path, pool: str) -> None:
    _do(tmp_path, results, pool, "", STOCK_OPTIONS)


def _do(directory: Path, results: Path, pool: str, transport: str, options: dict[str, Any]) -> list[Result]:
    """Do what is not done yet, whatever the result. Return all results, and print their sums."""
    require_pool(pool)
    name = "reliable" if transport else "stock"

    def done() -> list[Result]:
        return [line for line in read_results(results) if (line.pool, line.transport) == (pool, name)]

    while (missing := TASKS - sum(line.tasks for line in done())) > 0:
        seed = f"{pool} {name} {len(done())}"
        plan = Plan(min(missing, RUN_TASKS), RATE, WORKERS, EVERY_S, _endings(pool), seed)
        place = directory / seed.replace(" ", "-")
        place.mkdir()
        append_result(results, _run(place, plan, pool, transport, options))
    print(f"\n{make_table(done())}")
    return done()


def _endings(pool: str) -> tuple[Ending, ...]:
    text = os.environ.get("PROOF_ENDINGS") or ENDINGS.get(pool, "hard,cold,warm,graced")
    return cast("tuple[Ending, ...]", tuple(text.split(",")))


def _run(place: Path, plan: Plan, pool: str, transport: str, options: dict[str, Any]) -> Result:
    # The server is not restarted, so it need not write.
    with (
        running_server(binary_of("valkey"), place, "--appendonly", "no") as server,
        server.client() as client,
    ):
        info: Any = client.info("server")
        setting = Setting(pool, server.url(), transport, options, place, GRACE_S)
        run = Run(setting, plan, client)
        verdict = run.go()
        leftovers = run.leftovers()
    for what in ("lost", "unknown", "unattributed"):
        if found := getattr(verdict, what):
            print(f"\n{plan.seed}: {what}: {found[:20]}")
    if leftovers:
        print(f"\n{plan.seed}: left: {leftovers}")
    if "PROOF_KEEP_NOTES" not in os.environ:
        _tidy(place, verdict)
    return _make_result(run, verdict, leftovers, f"Valkey {info['valkey_version']}")


def _tidy(place: Path, verdict: Verdict) -> None:
    """Where all is well, nobody needs the notes: 32 bytes for each job."""
    if not (verdict.lost or verdict.unknown or verdict.unattributed):
        for path in place.glob("*.notes"):
            path.unlink()


def _make_result(run: Run, verdict: Verdict, leftovers: list[str], server: str) -> Result:
    machine = {name: version(name) for name in ("celery", "kombu", "redis")}
    machine |= {"python": platform.python_version(), "server": server, "cpus": str(os.cpu_count())}
    return Result(
        pool=run.setting.pool,
        transport="reliable" if run.setting.transport else "stock",
        seed=run.plan.seed,
        date=time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        machine=machine,
        plan=asdict(run.plan),
        tasks=verdict.sent,
        seconds=run.seconds,
        kills=[_make_kill_result(kill, verdict) for kill in run.kills],
        lost=len(verdict.lost),
        unexplained=len(verdict.unattributed) + len(verdict.unknown),
        leftovers=len(leftovers),
        stuck=sum(kill.is_stuck for kill in run.kills),
    )


def _make_kill_result(kill: Kill, verdict: Verdict) -> KillResult:
    ends = [end.at for end in verdict.duplicates[kill.worker]]
    return KillResult(
        ending=kill.ending,
        worker=kill.worker,
        wall=kill.wall,
        took_s=round(kill.gone - kill.signalled, 3),
        broken_off=verdict.broken_off[kill.worker],
        twice_ms=[round(((kill.killed or kill.signalled) - end) * 1000, 2) for end in ends],
        pid=kill.pid,
    )
