"""What browsers are shown is the newest, and bounded; what is no event is ignored."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from producer.live.server import shown as shown_
from producer.live.server.places import without_paths
from producer.live.server.shown import MOST_RUNS, Shown

ID = "0123456789ab"


def state(id_: str = ID, **more: Any) -> bytes:
    return msgspec.json.encode(
        {"type": "state", "id": id_, "kind": "comparison", "status": "running", "lanes": [], **more}
    )


def moves(*of: list[Any], id_: str = ID, lane: int = 0) -> bytes:
    return msgspec.json.encode({"type": "moves", "id": id_, "lane": lane, "moves": of})


def test_the_newest_state_of_each_run_is_shown() -> None:
    shown = Shown()
    assert shown.take(state(says="a", began=2))
    assert shown.take(state(says="b", began=2))
    assert shown.take(state("aaaaaaaaaaaa", began=1))
    assert shown.take(state(says="b", began=2)) is None  # sent again

    runs = shown.snapshot()["runs"]
    assert [(run["id"], run.get("says")) for run in runs] == [("aaaaaaaaaaaa", None), (ID, "b")]


def test_a_move_that_is_published_again_is_known() -> None:
    shown = Shown()
    first, second = [0, 0, "e2e4", 0, 0.5], [0, 1, "e7e5", 0.5, 1]
    shown.take(moves(first))
    event = shown.take(moves(first, second))

    assert event == ("moves", {"id": ID, "lane": 0, "moves": [(0, 1, "e7e5", 0.5, 1.0)]})
    assert shown.take(moves(first, second)) is None
    assert [move[:2] for move in shown.snapshot()["moves"][ID]["0"]] == [(0, 0), (0, 1)]


@pytest.mark.parametrize(
    "data",
    [
        *(b"", b"{", b"[]", b"null", b"\xff", b"[" * 5000, b'{"type":"worm","id":"0123456789ab"}'),
        *(state("../../etc"), state(kind=7), state(lanes=[1]), state(status=None), state(says="x" * 2**20)),
        # as deep as the decoder goes, and deeper than texts in it are looked through
        *(state()[:-1] + b',"x":' + b"[" * depth + b"]" * depth + b"}" for depth in (30, 600, 5000)),
        *(moves([0, 0, "e2e4"]), moves([-1, 0, "e2e4", 0, 1]), moves([0, 0, "e" * 99, 0, 1]), moves()),
        *(moves([0, 0, "e2e4", 0, 1], lane=-1), moves([0, 0, "e2e4", 0, 1], id_="x")),
    ],
)
def test_what_is_no_event_is_ignored(data: bytes) -> None:
    shown = Shown()
    before = shown.snapshot()

    assert shown.take(data) is None
    assert shown.snapshot() == before


def test_it_keeps_the_last_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    shown = Shown()
    shown.take(state())
    for number in range(MOST_RUNS + 5):
        shown.take(state(f"{number:012x}", status="done"))

    runs = shown.snapshot()["runs"]
    assert len(runs) == MOST_RUNS
    assert ID in {run["id"] for run in runs}, "it goes on"
    monkeypatch.setattr(shown_, "MOST_MOVES", 100)
    for number in range(10):
        shown.take(moves(*([0, ply, "e2e4", 0, 1] for ply in range(30)), id_=f"{number:012x}"))
    kept = shown.snapshot()["moves"]
    assert [*kept] == [f"{number:012x}" for number in (7, 8, 9)]


def test_no_path_of_the_machine_is_shown() -> None:
    shown = Shown()
    event = shown.take(
        state(says="no /home/ann/lab/results/a.json.gz", lanes=[{"why": "in /tmp/x/y.log: z"}])
    )

    assert event
    assert event[1]["says"] == "no …/a.json.gz"
    assert event[1]["lanes"] == [{"why": "in …/y.log: z"}]


@pytest.mark.parametrize(
    "text",
    [
        "redis://127.0.0.1:6379/0",
        "celery:prefork@4x2/prefetch=1/acks=early",
        "7/8",
        "round 2/5",
        "https://a/b/c",
        "serial/in-turn",
        "/",
    ],
)
def test_what_is_no_path_stays(text: str) -> None:
    assert without_paths(text) == text
