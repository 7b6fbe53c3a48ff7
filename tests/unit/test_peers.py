"""Peers as contenders: how they are named, what they guarantee, and what is said of queues side by side."""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import replace

import pytest
from rich.console import Console

from producer.contender_name import PEERS as NAMES
from producer.contender_name import ContenderName
from producer.contenders import peers
from producer.contenders.default_slots import sensible
from producer.contenders.parsing import parse
from producer.contenders.peers import PEERS
from producer.contenders.sweeping import specs_along
from producer.results.queue_runs import FilledRun, QueueRuns
from producer.show.charts.families import family_of
from producer.show.queues_page import write_queues_page
from producer.show.report.files import make_page
from producer.show.report.labelled import label
from producer.show.terminal.tables import print_result
from producer.stats.queues import queue_row
from producer.workloads import build
from tests.charted import compared, placed
from tests.made import MACHINE
from tests.unit.test_load_stats import offered_run, steady
from worker.errors import UnknownNameError
from worker.settings import PROJECT

WAITS = build("waits", jobs=4)


def test_the_table_has_every_name_and_each_module_is_short() -> None:
    from importlib.util import find_spec
    from pathlib import Path

    assert tuple(PEERS) == NAMES
    for peer in PEERS.values():
        spec = find_spec(peer.package)
        assert spec
        assert spec.origin
        assert len(Path(spec.origin).read_text().splitlines()) <= 100
        assert peer.setup
        assert peer.on_death


def test_peers_are_named_with_their_slots() -> None:
    assert parse("dramatiq@8", WAITS).name == ContenderName("dramatiq", 8)
    assert parse("rq@1", WAITS) == parse("rq", WAITS)
    assert not any(spec.name.is_peer for spec in sensible(WAITS))


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("dramatiq@8x2", "dramatiq is a peer, of which simul starts one worker: write its slots alone"),
        ("huey@4/acks=late", "huey is a peer; options"),
        ("rq@2", "rq has one slot: write 'rq' without @2"),
        ("dramatic@8", "no contender is called 'dramatic'"),
    ],
)
def test_what_a_peer_cannot_have_is_refused(text: str, why: str) -> None:
    with pytest.raises(UnknownNameError, match=why):
        parse(text, WAITS)


def test_a_peer_has_no_workers_to_sweep() -> None:
    with pytest.raises(UnknownNameError, match="only Celery pools have several workers"):
        specs_along("workers", ["1", "2"], "dramatiq", WAITS)


def test_a_peer_that_is_not_installed_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    missing = replace(PEERS["dramatiq"], requires=("no_such_package",))
    table: Mapping[str, peers.Peer] = {**PEERS, "dramatiq": missing}
    monkeypatch.setattr("producer.contenders.spec.PEERS", table)
    why = parse("dramatiq@8", WAITS).unavailable()
    assert why == f"the package no_such_package is not installed for this Python: {peers.EXTRA}"


def test_tables_and_pages_with_peers_say_what_each_guarantees() -> None:
    names = ("threads@2", "celery:threads@2", "celery:threads@2/acks=early", "taskiq@2", "huey@2")
    result, _ = compared(*(placed([(0, 0, 0, 1)], name) for name in names))
    console = Console(file=io.StringIO(), width=160)
    print_result(console, result)
    assert isinstance(console.file, io.StringIO)
    text = " ".join(console.file.getvalue().split())
    assert (
        "celery:threads@2: acknowledged late, result not stored; a job whose worker dies is done again."
        in text
    )
    assert "huey@2: acknowledged early, result not stored; a job whose worker dies is lost." in text
    page = make_page([label("mine", result)])
    assert "through another task queue" in page
    assert "acknowledged early, result not stored" in page


def test_families_are_told_apart() -> None:
    colours = {family_of(ContenderName(way)).colour for way in ("threads", "celery:threads", "dramatiq")}
    assert len(colours) == 3


def measured() -> list[QueueRuns]:
    """Celery and a peer that were measured, and one that was not."""
    half = offered_run(steady(10), 10, contender="celery:threads@2")
    runs = [
        placed([(0, 0, 0, 0.5), (0, 0, 0.5, 1)], "celery:threads@2", round_, cpu_s=0.02) for round_ in (1, 2)
    ]
    celery = QueueRuns(WAITS, ContenderName("celery:threads", 2))
    celery.filled = [FilledRun(run, 0.5, doing_s) for run, doing_s in zip(runs, (1.0, 2.0), strict=True)]
    celery.half = half
    broken = placed([(0, 0, 0, 1)], "huey@2", problems=["1 of 2 jobs is lost"])
    huey = QueueRuns(WAITS, ContenderName("huey", 2), [FilledRun(broken, 0.5, 1.0)])
    return [celery, huey, QueueRuns(WAITS, ContenderName("rq"), left_out="the package rq is not installed")]


def test_sending_and_doing_are_apart_and_the_median_counts() -> None:
    row = queue_row(measured()[0])
    assert (row.sent_per_s, row.done_min, row.done_max) == (8.0, 2.0, 4.0)
    assert row.done_per_s == 3.0
    assert row.latency_ms
    assert row.half_rate == 10


def test_the_page_of_queues_has_what_is_unequal_beside_the_number() -> None:
    page = write_queues_page(measured(), 2, MACHINE, "valkey 9", "simul queues --out peers.md")
    assert "Measured by `simul queues --out peers.md`" in page
    assert "| huey@2 | early | – | no valid run |" in page
    assert "- huey@2: 1 of 2 jobs is lost" in page
    assert "- rq: the package rq is not installed" in page
    assert "- rq: 1 slot where others have 2." in page
    assert "- huey@2: acknowledged early, which is less to do, and less to rely on." in page
    assert PEERS["huey"].unequal in page


def test_the_tests_have_all_peers() -> None:
    import tomllib

    project = tomllib.loads((PROJECT / "pyproject.toml").read_text("utf-8"))
    extra = project["project"]["optional-dependencies"]["peers"]
    assert set(extra) <= set(project["dependency-groups"]["dev"])
    assert {peer for peer in PEERS if not any(each.startswith(peer) for each in extra)} == set()
