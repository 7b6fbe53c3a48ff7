"""The live page's server, with real browsers' connections, a real broker and real runs."""

from __future__ import annotations

import contextlib
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest
import redis

from producer.live.feed import STREAM, WATCHED, Feed
from producer.system.broker import Broker
from producer.system.client import connect
from tests.helpers import (
    SIMUL,
    SOON_S,
    await_line,
    clean_environment,
    family,
    free_port,
    running,
    survivors,
    until,
)
from tests.live_site import Site, live_site

#: Enough rounds of enough jobs that a test can come while they go on.
LONG = {"jobs": 2000, "rounds": 100}


@pytest.fixture
def client(broker: Broker) -> Iterator[redis.Redis]:
    """Redis without anything live in it."""
    with contextlib.closing(connect(broker.url)) as client:
        client.delete(STREAM, WATCHED)
        yield client
        client.delete(WATCHED, *client.keys("simul:live*"))


@pytest.fixture
def site(broker: Broker, client: redis.Redis, tmp_path: Path) -> Iterator[Site]:
    """A server over the tests' broker, in which nothing is that is shown."""
    assert not client.exists(STREAM)
    with live_site(tmp_path, "--broker", broker.url) as site:
        yield site


def test_a_page_that_is_opened_late_shows_the_state_at_once(broker: Broker, site: Site) -> None:
    early = site.open()
    with Feed(broker.url, look_s=0.05) as feed:
        feed.state({"kind": "exhibition", "title": "24 games", "status": "playing", "lanes": []})
        feed.moves(0, [[0, 0, "e2e4", 0.0, 0.1], [1, 0, "d2d4", 0.1, 0.2]])
        early.until(lambda: feed.id in early.runs and len(early.moves.get(feed.id, {}).get(0, [])) == 2)
        late = site.open()
        late.until(lambda: late.runs)

        assert [name for name, _ in late.events] == ["snapshot"]
        assert late.runs == early.runs
        assert late.moves == early.moves
        feed.moves(1, [[0, 0, "c2c4", 0.0, 0.1]])
        for browser in (early, late):
            browser.until(lambda browser=browser: 1 in browser.moves[feed.id])  # type: ignore[misc]


def test_a_broker_that_goes_away_is_shown_and_waited_for(tmp_path: Path) -> None:
    port = free_port()
    server = ["redis-server", "--port", str(port), "--save", "", "--dir", str(tmp_path)]
    url = f"redis://127.0.0.1:{port}/0"

    @contextlib.contextmanager
    def redis_running() -> Iterator[None]:
        with running(server), contextlib.closing(connect(url)) as client:
            until(lambda: _answers(client), "Redis answers")
            yield

    with contextlib.ExitStack() as stack:
        with redis_running():
            site = stack.enter_context(live_site(tmp_path, "--broker", url))
            browser = site.open()
            browser.until(lambda: browser.broker == {"up": True, "says": ""})
        browser.until(lambda: not browser.broker["up"])
        assert browser.broker["says"].startswith(f"nothing answers at {url}: ")
        assert browser.broker["says"].startswith("nothing answers at ")
        late = site.open()
        late.until(lambda: late.broker)
        assert not late.broker["up"]
        with redis_running():
            browser.until(lambda: browser.broker["up"])
            with Feed(url, look_s=0.05) as feed:
                feed.state({"kind": "exhibition", "title": "again", "status": "playing", "lanes": []})
                browser.until(lambda: feed.id in browser.runs)


def _answers(client: redis.Redis) -> bool:
    with contextlib.suppress(redis.RedisError):
        return bool(client.ping())
    return False


def test_a_comparison_of_somebody_elses_is_watched_to_its_report(
    broker: Broker, site: Site, tmp_path: Path
) -> None:
    browser = site.open()
    compare = ("compare", "waits", "--jobs", "300", "--rounds", "2", "--with", "threads@4,celery:threads@4")
    with running([SIMUL, *compare], tmp_path, {"SIMUL_BROKER_URL": broker.url}) as process:
        browser.until(lambda: any(run["report"] for run in browser.runs.values()))
        assert process.wait(SOON_S) == 0

    [run] = browser.runs.values()
    assert (run["kind"], run["title"], run["status"]) == ("comparison", "waits", "done")
    assert [lane["name"] for lane in run["lanes"]] == ["threads@4", "celery:threads@4"]
    assert all(len(lane["makespans_s"]) == 2 for lane in run["lanes"])
    states = [data for name, data in browser.events if name == "state"]
    while_running = [lane for state in states for lane in state["lanes"] if lane["status"] == "running"]
    assert any(0 < lane["done"] < 300 and lane["rate"] for lane in while_running), "progress is seen"
    assert any(lane["queue"] for lane in while_running)
    assert any(name == "depths" and data for name, data in browser.events)
    browser.until(lambda: ("report", {"id": run["id"]}) in browser.events)
    status, report = site.get(f"/reports/{run['id']}")
    assert status == 200
    assert "celery:threads@4" in report
    assert str(tmp_path) not in report


def test_a_sweep_is_watched_with_a_lane_for_each_value(broker: Broker, site: Site, tmp_path: Path) -> None:
    browser = site.open()
    sweep = ("sweep", "waits", "--jobs", "100", "--rounds", "2", "--with", "threads", "-c", "2,4")
    with running([SIMUL, *sweep], tmp_path, {"SIMUL_BROKER_URL": broker.url}) as process:
        browser.until(lambda: any(run["report"] for run in browser.runs.values()))
        assert process.wait(SOON_S) == 0

    [run] = browser.runs.values()
    assert (run["kind"], run["title"]) == ("sweep", "waits, along slots")
    assert [lane["name"] for lane in run["lanes"]] == ["threads@2", "threads@4"]
    assert all(len(lane["makespans_s"]) == 2 for lane in run["lanes"])
    assert site.get(f"/reports/{run['id']}")[0] == 200
    assert browser.own is None, "what others started, the page does not offer to stop"


def test_the_embedded_broker_is_there_for_the_runs_of_another_terminal(tmp_path: Path) -> None:
    with live_site(tmp_path) as site:
        assert site.process.stderr
        line = await_line(site.process.stderr, "SIMUL_BROKER_URL=")
        browser = site.open()
        compare = ("compare", "waits", "--quick", "--with", "celery:threads@2")
        environment = {"SIMUL_BROKER_URL": line.partition("SIMUL_BROKER_URL=")[2].strip()}
        with running([SIMUL, *compare], tmp_path, environment) as process:
            browser.until(lambda: any(run["status"] == "done" for run in browser.runs.values()))
            assert process.wait(SOON_S) == 0


def test_a_comparison_that_nobody_watches_leaves_nothing(
    broker: Broker, client: redis.Redis, tmp_path: Path
) -> None:
    compare = ("compare", "waits", "--quick", "--with", "threads@2")
    with running([SIMUL, *compare], tmp_path, {"SIMUL_BROKER_URL": broker.url}) as process:
        assert process.wait(SOON_S) == 0

    assert client.keys("simul:live*") == []


def test_runs_go_on_one_after_the_other(site: Site) -> None:
    browser = site.open()
    first = site.start(**LONG)
    browser.until(lambda: browser.runs.get(first, {}).get("lanes") and browser.own == first)
    second = site.start(workloads=["files"], jobs=5)
    third = site.start(jobs=5)
    browser.until(lambda: [run["id"] for run in browser.queue] == [second, third])
    assert site.post(f"/runs/{second}/stop") == (200, {})
    browser.until(lambda: [run["id"] for run in browser.queue] == [third])
    assert browser.runs[first]["status"] not in ("done", "failed")
    assert site.post(f"/runs/{first}/stop") == (200, {})
    browser.until(lambda: browser.runs[first]["status"] == "interrupted")
    browser.until(lambda: browser.runs.get(third, {}).get("status") == "done")
    browser.until(lambda: browser.own is None)

    assert second not in browser.runs
    assert site.get(f"/reports/{third}")[0] == 200


def test_a_lesson_ends_with_what_was_predicted_in_its_report(site: Site) -> None:
    answers = {"fastest": "threads@32", "times": 20}
    asked = {
        "kind": "lesson",
        "workloads": ["waits"],
        "predictions": {"waits": answers},
        "jobs": 6,
        "rounds": 1,
    }
    browser = site.open()
    status, answer = site.post("/runs", asked)
    assert status == 201, answer
    id_ = answer["id"]
    browser.until(lambda: browser.runs.get(id_, {}).get("report"))
    status, report = site.get(f"/reports/{id_}")
    assert status == 200
    assert "What you predicted" in report
    assert "You said 20.0 times as fast as serial; it was" in report

    refused = site.post("/runs", {**asked, "predictions": {"waits": {"times": 0}}})
    assert refused == (
        400,
        {"error": "predictions: waits: times: 0 is no number from 1 to 100,000 (serial is one of them)"},
    )


def test_a_run_that_fails_says_so_in_the_line_that_it_printed(broker: Broker, tmp_path: Path) -> None:
    with live_site(tmp_path, "--broker", broker.url, environment={"SIMUL_WORKERS": "external"}) as site:
        browser = site.open()
        run = site.start(**{"with": ["celery:solo"]})  # nobody starts one
        browser.until(lambda: browser.runs.get(run, {}).get("status") == "failed")

    says = browser.runs[run]["says"]
    assert says.startswith(
        "NothingMeasured: waits: no contender ran: celery:solo: no worker consumes simul.solo"
    )
    assert "\n" not in says


def test_a_run_that_is_killed_has_failed(site: Site) -> None:
    browser = site.open()
    run = site.start(**LONG)
    browser.until(lambda: browser.runs.get(run, {}).get("status") == "running")
    [command] = [process for process in family(site.process.pid) if "producer.cli" in _line(process)]
    command.kill()
    browser.until(lambda: browser.runs[run]["status"] == "failed")

    assert browser.runs[run]["says"] == "was ended by SIGKILL"
    assert browser.runs[run]["ended"]


def test_a_run_that_is_stopped_leaves_no_worker(site: Site) -> None:
    browser = site.open()
    run = site.start(**LONG, **{"with": ["celery:threads@4"]})
    browser.until(lambda: browser.runs.get(run, {}).get("status") == "running")
    below = [process for process in family(site.process.pid) if _is_of_a_run(process)]
    assert any("worker" in _line(process) for process in below)
    assert site.post(f"/runs/{run}/stop") == (200, {})
    browser.until(lambda: browser.runs[run]["status"] == "interrupted")

    assert survivors(below) == []
    assert site.process.poll() is None


def _is_of_a_run(process: psutil.Process) -> bool:
    """Whether it is a run, or below one; the server's reaper stays."""
    return "producer.cli" in _line(process) or "threads" in _line(process)


def _line(process: psutil.Process) -> str:
    return " ".join(process.cmdline())


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=["SIGINT", "SIGTERM"])
def test_a_server_that_is_told_to_end_ends_all_that_it_started(
    number: signal.Signals, tmp_path: Path
) -> None:
    with live_site(tmp_path) as site:
        browser = site.open()
        run = site.start(**LONG, **{"with": ["celery:threads@4"]})
        browser.until(lambda: browser.runs.get(run, {}).get("status") == "running")
        everything = family(site.process.pid)
        site.process.send_signal(number)
        browser.read_to_the_end()
        _, errors = site.process.communicate(timeout=SOON_S)

        assert survivors(everything) == []
        assert site.process.returncode == 130
        assert "Traceback" not in errors
        assert [*tmp_path.iterdir()] == []


def test_a_server_that_is_killed_leaves_nothing_either(tmp_path: Path) -> None:
    with live_site(tmp_path) as site:
        browser = site.open()
        run = site.start(**LONG, **{"with": ["celery:threads@4"]})
        browser.until(lambda: browser.runs.get(run, {}).get("status") == "running")
        everything = family(site.process.pid)
        site.process.kill()

        assert survivors(everything) == []


def test_workers_that_answer_are_listed_while_no_run_goes_on(broker: Broker, site: Site) -> None:
    worker = [SIMUL, "worker", "--pool", "threads", "-c", "3"]
    browser = site.open()

    def ours() -> list[dict[str, Any]]:
        # Other tests keep workers on this broker, too; their queues have names of their own.
        return [one for one in browser.workers.get("answering", ()) if one["queues"] == ["simul.threads"]]

    with running(worker, environment={"SIMUL_BROKER_URL": broker.url}):
        browser.until(lambda: bool(ours()))

    [answering] = ours()
    assert answering["slots"] == 3
    assert answering["name"].startswith("threads-")


def test_a_port_that_is_taken_is_one_line(site: Site, tmp_path: Path) -> None:
    second = [SIMUL, "live", "--port", str(site.port)]
    with running(second, tmp_path, clean_environment()) as process:
        out, errors = process.communicate(timeout=SOON_S)

    assert (process.returncode, out) == (4, "")
    assert errors == (
        f"Unavailable: port {site.port} of 127.0.0.1 cannot be had (listen): address already in use. "
        "Choose another with --port or --host.\n"
    )
