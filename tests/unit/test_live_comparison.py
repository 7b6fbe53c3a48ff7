"""What is published of a comparison: its contenders as lanes, from the first to the report."""

from __future__ import annotations

import copy
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from producer.contenders.spec import Spec
from producer.live import comparison
from producer.live.comparison import LiveWatcher
from producer.live.feed import Feed
from producer.measure.plan import Plan
from producer.workloads import build
from tests.made import a_result, run
from worker.errors import BrokerUnavailableError
from worker.settings import PROJECT_DATA

WAITS = build("waits", 60)
SERIAL, GEVENT = Spec("serial", 1), Spec("celery:gevent", 4)


class Heard(Feed):
    """Keeps what is published, as if somebody watched or nobody did."""

    def __init__(self, watched: bool = True) -> None:
        super().__init__(None)
        self.states: list[dict[str, Any]] = []
        self.reports: list[str] = []
        self._is_watched = watched

    @property
    def watched(self) -> bool:
        return self._is_watched

    def state(self, state: dict[str, Any]) -> None:
        self.states.append(copy.deepcopy(state))

    def report(self, html: str) -> None:
        self.reports.append(html)


@dataclass
class Ready:
    """A contender that is there."""

    spec: Spec
    queue: str | None = None


def plan(**more: Any) -> Plan:
    contenders = {"waits": [SERIAL, GEVENT]}
    return Plan(
        workloads=[WAITS],
        contenders=contenders,
        rounds=5,
        seed=1,
        chunk=1,
        data_root=PROJECT_DATA,
        out=None,
        **more,
    )


def test_a_comparison_begins_with_all_its_lanes() -> None:
    feed = Heard()
    with LiveWatcher(plan(), feed):
        [first] = feed.states

    assert (first["kind"], first["title"], first["status"]) == ("comparison", "waits", "starting")
    assert [(lane["name"], lane["jobs"], lane["status"]) for lane in first["lanes"]] == [
        ("serial", 60, "waiting"),
        ("celery:gevent@4", 60, "waiting"),
    ]
    assert first["rounds"] == 5
    assert first["ended"] is None


def test_a_sweep_says_along_what() -> None:
    feed = Heard()
    with LiveWatcher(plan(kind="sweep", axis="prefetch"), feed):
        assert feed.states[0]["title"] == "waits, along prefetch"


def test_a_lane_goes_from_its_start_to_its_rounds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(comparison, "STATE_S", 0)
    feed = Heard()
    found = replace(GEVENT, slots=32, workers=2)
    with LiveWatcher(plan(), feed) as watcher:
        watcher.awaiting(1, 2)
        watcher.working_out(WAITS)
        watcher.starting(WAITS, [GEVENT])
        watcher.ready(WAITS, GEVENT, Ready(found, "simul.gevent"))  # type: ignore[arg-type]  # as much as is asked of it
        watcher.running(WAITS, found, 2, 5, None)
        watcher.progress(15)
        *_, running = feed.states
        valid = run(str(found.name), 250)
        watcher.ran(valid)
        watcher.ran(valid)  # nothing runs: nothing is heard
        watcher.running(WAITS, found, 3, 5, None)
        watcher.ran(run(str(found.name), problems=["1 job is lost"]))
        *_, last = feed.states

    says = [state["says"] for state in feed.states]
    assert "workers: 1 of 2 answer" in says
    assert "waits: starting celery:gevent@4" in says
    assert running["says"] == "waits: round 2/5 celery:gevent@32x2"
    lane = running["lanes"][1]
    assert (lane["status"], lane["round"], lane["done"], lane["queue"]) == ("running", 2, 15, "simul.gevent")
    assert (lane["name"], lane["workers"]) == ("celery:gevent@32x2", 2)
    assert lane["rate"] > 0
    lane = last["lanes"][1]
    assert lane["makespans_s"] == [0.25]
    assert (lane["status"], lane["invalid"], lane["why"]) == ("ready", 1, "1 job is lost")


def test_progress_is_published_for_those_who_watch_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(comparison, "STATE_S", 0)
    feed = Heard(watched=False)
    with LiveWatcher(plan(), feed) as watcher:
        watcher.ready(WAITS, SERIAL, Ready(SERIAL))  # type: ignore[arg-type]  # as much as is asked of it
        watcher.running(WAITS, SERIAL, 1, 5, None)
        before = len(feed.states)
        watcher.progress(3)
        assert len(feed.states) == before
        watcher.finish(a_result({"serial": [0.1, 0.2]}), "a.json")

    assert feed.reports == []
    assert not feed.states[-1]["report"]


def test_what_is_left_out_says_why() -> None:
    feed = Heard()
    with LiveWatcher(plan(), feed) as watcher:
        watcher.left_out(WAITS, GEVENT, "no gevent here")

    lane = feed.states[-1]["lanes"][1]
    assert (lane["status"], lane["why"]) == ("left out", "no gevent here")


def test_the_report_comes_with_the_end() -> None:
    feed = Heard()
    with LiveWatcher(plan(), feed) as watcher:
        watcher.finish(a_result({"serial": [0.1, 0.2]}), "compare-1.json.gz")

    assert feed.states[-1]["status"] == "done"
    assert feed.states[-1]["report"]
    assert feed.states[-1]["ended"]
    early = [state for state in feed.states if not state["report"]]
    assert early
    assert not any(state["ended"] or state["status"] == "done" for state in early), "done, and no report yet"
    [report] = feed.reports
    assert "simul report" in report
    assert str(Path.home()) not in report


@pytest.mark.parametrize(
    ("error", "status", "says"),
    [
        (BrokerUnavailableError("nothing answers"), "failed", "nothing answers"),
        (KeyboardInterrupt(), "interrupted", "interrupted"),
        (ZeroDivisionError("x"), "failed", "failed"),
    ],
)
def test_a_comparison_that_breaks_off_says_so(error: BaseException, status: str, says: str) -> None:
    feed = Heard()

    def break_off() -> None:
        with LiveWatcher(plan(), feed):
            raise error

    with pytest.raises(type(error)):
        break_off()
    last = feed.states[-1]
    assert (last["status"], last["says"]) == (status, says)
    assert last["ended"]
