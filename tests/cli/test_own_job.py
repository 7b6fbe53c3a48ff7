"""A function of the user's outside the lab's own processes: workers of others, and what is sent to them."""

from __future__ import annotations

import csv
import io
import json
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from producer.cli.own_job import make_target
from producer.contenders.celery_workers.send import producer_app
from producer.contenders.collect import Collector
from producer.results import load
from producer.system.broker import Broker
from producer.system.client import connect
from tests.helpers import SIMUL, SOON_S, clean_environment, ready_worker, simul, until
from worker.pools import pool as find_pool
from worker.settings import PROJECT, TASK_NAME

APP_DIR = str(PROJECT / "tests" / "project")
NAP = ("--job", "shop.tasks:nap", "--app-dir", APP_DIR)
#: Celery's own pools, and the variable that names ours.
PLAIN = ["solo", "threads", "prefork", "gevent", "eventlet", "asyncio"]


@contextmanager
def worker(broker: Broker, tmp_path: Path, pool: str, *options: str) -> Iterator[subprocess.Popen[str]]:
    """A worker that a user has started, when it is ready."""
    command = [SIMUL, "worker", "--pool", pool, "--broker", broker.url, *options]
    with ready_worker(command, tmp_path) as process:
        yield process


def compared(broker: Broker, tmp_path: Path, pool: str, *options: str) -> tuple[str, ...]:
    """The command that compares what workers of that pool do with serial."""
    contenders = ("--with", f"serial,celery:{pool}", "--workers", "external", "--broker", broker.url)
    out = ("--out", str(tmp_path / "result.json"), "--quiet")
    return ("compare", *options, *contenders, "--jobs", "6", "--rounds", "1", *out)


def test_workers_of_others_call_the_function_that_they_were_started_for(
    broker: Broker, tmp_path: Path
) -> None:
    with worker(broker, tmp_path, "threads", "-c", "2", *NAP):
        said = simul(*compared(broker, tmp_path, "threads", *NAP), cwd=tmp_path)
        assert said.code == 0, said.err
        runs = load(tmp_path / "result.json").runs
        assert {str(run.contender): run.valid for run in runs} == {"serial": True, "celery:threads@2": True}
        sent = ("send", *NAP[:2], "--pool", "threads", "--jobs", "2", "--broker", broker.url)
        said = simul(*sent, cwd=tmp_path)
        assert (said.code, said.err.splitlines()[-1]) == (0, "2 of 2 jobs done, 0 failed")
        assert all(line.endswith(" ms  5") for line in said.out.splitlines())


def test_workers_await_the_twin_that_they_were_started_with(broker: Broker, tmp_path: Path) -> None:
    twin = ("--job", "shop.tasks:act", "--async-job", "shop.tasks:act_async", "--app-dir", APP_DIR)
    arguments = tmp_path / "arguments.jsonl"
    arguments.write_text('["nap", 3600000]\n["echo"]\n')
    sent = ("send", *twin[:2], "--args", str(arguments), "--pool", "asyncio", "--broker", broker.url)
    # A thread could not be ended, and this job would never be done.
    with worker(broker, tmp_path, "asyncio", "-c", "2", *twin, "--time-limit", "1"):
        said = simul(*sent, "--json", cwd=tmp_path)
    late, answer = (json.loads(line) for line in said.out.splitlines())
    assert said.code == 1
    assert late["error"].startswith("TimeLimitError: ")
    assert answer["answer"]["text"] == "[[], {}]"


@pytest.mark.parametrize(
    ("options", "called"),
    [((), "no function"), (("--job", "shop.tasks:echo", "--app-dir", APP_DIR), "shop.tasks:echo")],
    ids=["none", "another"],
)
def test_workers_that_were_started_for_another_function_are_left_out(
    broker: Broker, tmp_path: Path, options: tuple[str, ...], called: str
) -> None:
    with worker(broker, tmp_path, "threads", "-c", "2", *options):
        said = simul(*compared(broker, tmp_path, "threads", *NAP), cwd=tmp_path)
        sent = ("send", *NAP[:2], "--pool", "threads", "--jobs", "2", "--broker", broker.url)
        refused = simul(*sent, cwd=tmp_path)
    result = load(tmp_path / "result.json")
    assert {str(run.contender) for run in result.runs} == {"serial"}
    [why] = result.workloads[0].left_out.values()
    assert why == (
        f"celery:threads@2 did not warm up: the workers on simul.threads call {called}, and not "
        "shop.tasks:nap: start them with `simul worker --pool threads --job shop.tasks:nap`"
    )
    assert said.code == 0
    assert refused.code == 1
    said_at_once = " ".join(refused.err.splitlines()[:-1])
    assert said_at_once
    assert why.endswith(said_at_once)


def test_a_message_that_names_another_function_is_rejected_and_recorded(
    broker: Broker, tmp_path: Path
) -> None:
    client = connect(broker.url)
    with (
        worker(broker, tmp_path, "threads", "-c", "2", *NAP, "--log-level", "INFO"),
        Collector(client, 1) as run,
        producer_app(broker.url).producer_pool.acquire(block=True) as producer,
    ):
        job = {"kind": "call", "target": "pathlib:Path.touch", "arguments": json.dumps([str(tmp_path / "x")])}
        message = {"run": run.run, "index": 0, "enqueued_ns": time.monotonic_ns(), "job": job}
        headers = {"lang": "py", "task": TASK_NAME, "id": "a-message"}
        body = json.dumps([[], message, {}])
        producer.publish(
            body,
            routing_key="simul.threads",
            content_type="application/json",
            content_encoding="utf-8",
            headers=headers,
            correlation_id=headers["id"],
        )
        until(lambda: run.read(100), "the message is recorded")
        [record] = run.records.values()
    client.close()
    assert (record.error or "").endswith("calls shop.tasks:nap alone (--job), and not 'pathlib:Path.touch'")
    assert not (tmp_path / "x").exists()


@pytest.mark.parametrize("pool", PLAIN)
def test_plain_celery_finds_the_function_in_its_environment_or_ends_with_a_line(pool: str) -> None:
    row = find_pool(pool)
    environment = {"SIMUL_JOB": "shop.none:nap", "SIMUL_APP_DIR": APP_DIR, **row.environment}
    done = subprocess.run(
        [sys.executable, "-m", "celery", "-A", "worker", "worker", f"--pool={row.celery_name}", "-c", "2"],
        cwd=PROJECT,
        env=clean_environment(**environment),
        capture_output=True,
        text=True,
        timeout=SOON_S,
        check=False,
    )
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert done.stderr.splitlines()[-1].startswith("Target: there is no module shop.none (--job shop.none)")


def test_plain_celery_calls_the_function_of_its_environment(broker: Broker, tmp_path: Path) -> None:
    environment = {"SIMUL_JOB": "shop.tasks:nap", "SIMUL_APP_DIR": APP_DIR, "SIMUL_BROKER_URL": broker.url}
    plain = ("-m", "celery", "-A", "worker", "worker", "--pool=solo", "-Q", "simul.solo", "-l", "INFO")
    with ready_worker([sys.executable, *plain], PROJECT, environment):
        sent = ("send", *NAP[:2], "--pool", "solo", "--jobs", "2", "--broker", broker.url)
        said = simul(*sent, cwd=tmp_path)
    assert said.err.splitlines()[-1] == "2 of 2 jobs done, 0 failed"


def test_what_is_set_to_nothing_names_no_function(broker: Broker, tmp_path: Path) -> None:
    names = ("JOB", "ASYNC_JOB", "APP_DIR", "ARGS", "REPEAT", "CHECK", "JOB_LIMIT")
    nothing = dict.fromkeys((f"SIMUL_{name}" for name in names), "")
    command = ("compare", "files", "--with", "serial", "--jobs", "2", "--rounds", "1", "--quiet")
    said = simul(*command, cwd=tmp_path, environment=nothing)
    assert (said.code, said.err) == (0, "")
    options = [SIMUL, "worker", "--pool", "solo", "--broker", broker.url]
    with ready_worker(options, tmp_path, nothing):
        sent = ("send", "waits", "--pool", "solo", "--jobs", "2", "--broker", broker.url)
        assert simul(*sent, cwd=tmp_path, environment=nothing).code == 0


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The result of a comparison that a user has made of a function of theirs."""
    directory = tmp_path_factory.mktemp("saved")
    (directory / "naps.jsonl").write_text('{"ms": 2}\n[3]\n4\n')
    arguments = ("--args", "naps.jsonl", "--repeat", "4", "--with", "serial,threads@2,celery:threads@2")
    said = simul("compare", *NAP, *arguments, "--out", "own.json.gz", "--quiet", cwd=directory)
    assert said.code == 0, said.err
    return directory / "own.json.gz"


def test_a_result_is_shown_and_exported(saved: Path, tmp_path: Path) -> None:
    shown = simul("show", str(saved), cwd=tmp_path).out
    assert "shop.tasks:nap  12 jobs: calls of shop.tasks:nap; 5 rounds" in shown
    assert "$ celery -A YOUR_APP worker --pool=threads --concurrency=2" in shown
    rows = list(csv.DictReader(io.StringIO(simul("show", str(saved), "--export", "csv", cwd=tmp_path).out)))
    assert {row["contender"]: row["valid_runs"] for row in rows} == dict.fromkeys(
        ("serial", "threads@2", "celery:threads@2"), "5"
    )
    in_markdown = simul("show", str(saved), "--export", "markdown", cwd=tmp_path).out
    assert "    celery -A YOUR_APP worker --pool=threads --concurrency=2\n" in in_markdown
    [told] = json.loads(simul("show", str(saved), "--json", cwd=tmp_path).out).values()
    assert told["facts"]["waiting"] > 0.5
    assert told["advice"]["command"] == "celery -A YOUR_APP worker --pool=threads --concurrency=2"


def test_a_result_is_reported_and_compared_with_another(saved: Path, tmp_path: Path) -> None:
    said = simul("report", str(saved), "-o", "report.html", cwd=tmp_path)
    assert said.code == 0, said.err
    page = (tmp_path / "report.html").read_text()
    assert "calls of shop.tasks:nap" in page
    assert "celery -A YOUR_APP worker --pool=threads --concurrency=2" in page
    said = simul("diff", str(saved), str(saved), cwd=tmp_path)
    assert said.code == 0, said.err
    assert said.out.count("no difference shown") == 3


@pytest.mark.parametrize(
    ("along", "points"),
    [
        (("--with", "threads,celery:threads", "--concurrency", "1,2"), [1, 2]),
        (("--with", "celery:threads@1", "--axis", "prefetch=1,4"), [1, 4]),
    ],
    ids=["slots", "prefetch"],
)
def test_a_function_is_swept(saved: Path, along: tuple[str, ...], points: list[int]) -> None:
    arguments = ("--args", "naps.jsonl", "--rounds", "1", "--quiet", "--json")
    said = simul("sweep", *NAP, *arguments, *along, cwd=saved.parent)
    assert said.code == 0, said.err
    [told] = json.loads(said.out).values()
    assert all([point["at"] for point in curve["points"]] == points for curve in told["curves"])
    assert told["advice"]["command"].startswith("celery -A YOUR_APP worker --pool=threads")
    assert told["facts"]["failed"] == 0


def test_a_function_is_where_it_is_said_to_be(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "src").mkdir()
    monkeypatch.setenv("SIMUL_JOB_DIRECTORY", str(tmp_path))
    target = make_target("shop.tasks:nap", None, Path("src"))
    assert target
    assert (target.directory, target.app_dir) == (str(tmp_path), str(tmp_path / "src"))


@pytest.mark.parametrize("command", ["sweep", "send"])
def test_a_command_that_has_one_workload_is_given_one(tmp_path: Path, command: str) -> None:
    both = simul(command, "waits", "--job", "shop.tasks:nap", cwd=tmp_path)
    assert (both.code, both.out) == (2, "")
    assert both.err == (
        "UnknownName: there are two workloads, waits and --job shop.tasks:nap (SIMUL_JOB): name one of them\n"
    )
    none = simul(command, cwd=tmp_path)
    assert (none.code, none.out) == (2, "")
    assert none.err.startswith("UnknownName: no workload is named: there are files, waits, ")
