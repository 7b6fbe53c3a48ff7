"""Every contender calls a user's function alike: with the same arguments, answers, failures and limits."""

from __future__ import annotations

import contextlib
import json
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import psutil
import pytest

from producer.contenders.celery_workers.send import producer_app
from producer.contenders.celery_workers.spawned import SpawnedWorkers
from producer.contenders.designs import DESIGNS
from producer.contenders.designs.contender import DesignContender
from producer.contenders.protocol import Contender
from producer.contenders.spec import Spec
from producer.contenders.ways import ends, is_event_loop
from producer.measure.reference_run import work_out
from producer.measure.started_contenders import Roster
from producer.system.broker import Broker
from producer.system.reaper import Reaper
from producer.workloads.calls import Calls
from tests.helpers import SOON_S
from tests.integration.conformance import run, runnable, specs
from worker.answers import Returned
from worker.deadline import Deadline
from worker.jobs import Call, ChessMove, FileCheck, Job
from worker.pools import POOLS
from worker.settings import PROJECT
from worker.target import Target

APP_DIR = PROJECT / "tests" / "project"
LIMIT_S = 2.0
NAME = "shop.tasks:act"
WAYS = [*DESIGNS, *(f"celery:{pool}" for pool in POOLS)]


def calls(*arguments: Any) -> Calls:
    """Calls of the function, each with these arguments."""
    made = Calls(NAME, (json.dumps(each).encode() for each in arguments))
    made.limit_s = LIMIT_S
    return made


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the user is."""
    return tmp_path_factory.mktemp("user")


@pytest.fixture(scope="module")
def variables(directory: Path) -> dict[str, str]:
    """What contenders need in their environment to call the function."""
    hidden = {"CELERY_TEST_VARIABLE": "theirs"}
    target = Target(NAME, app_dir=str(APP_DIR), directory=str(directory), variables=hidden)
    return {**target.environment(), "SIMUL_JOB_LIMIT": str(LIMIT_S)}


@pytest.fixture(scope="module")
def callers(
    request: pytest.FixtureRequest, variables: dict[str, str], reaper: Reaper, data_root: Path
) -> Iterator[Roster]:
    """Contenders that call it, each started when it is first wanted."""

    def make(spec: Spec) -> Contender:
        if spec.celery_pool is None:
            return DesignContender(spec, data_root, reaper, variables)
        broker: Broker = request.getfixturevalue("broker")
        app = producer_app(broker.url)
        return SpawnedWorkers(spec, broker, app, data_root, reaper, variables=variables)

    with Roster(make) as roster:
        yield roster


@pytest.fixture(params=specs(WAYS), ids=lambda spec: spec.name)
def spec(request: pytest.FixtureRequest) -> Spec:
    """Each contender that can run here."""
    return runnable(request.param)


def test_answers_and_failures_are_those_of_serial(
    spec: Spec, callers: Roster, variables: dict[str, str], data_root: Path
) -> None:
    jobs = calls(
        *(["echo", 1, [2, {"a": None}], "ü"], ["price", 150], ["tags"], ["where"], ["talk", 4]),
        *(["fail", 0], ["fail", 1], ["leave"], ["no_such_function"], ["own_name"]),
    )
    reference, answers = work_out(jobs, data_root, variables=variables)
    outcome = run(spec, callers, jobs)
    assert {
        record.index: record.error or record.answer
        for record in outcome.records
        if record.index in reference.differing(outcome.records)
    } == {}
    errors = {record.index: record.error or "" for record in outcome.records if record.error}
    assert sorted(errors) == [6, 7, 8]
    assert errors[6] == "KeyError: 1 (shop.tasks:40)"
    assert errors[7] == "CallError: the function tried to end its process: sys.exit(3)"
    assert answers[0].text == '[[1, [2, {"a": null}], "\\u00fc"], {}]'  # type: ignore[union-attr]


def test_it_is_called_where_the_user_is_and_sees_what_celery_does_not(
    spec: Spec, callers: Roster, directory: Path
) -> None:
    [record] = run(spec, callers, calls(["where"])).records
    assert record.answer is not None
    assert json.loads(str(record.answer["text"])) == [str(directory), "theirs"]


def test_a_job_that_takes_too_long_has_failed_everywhere_and_is_ended_where_it_can_be(
    spec: Spec, callers: Roster
) -> None:
    endless = ends(spec.way, has_async=False) != "none"
    began = time.monotonic()
    outcome = run(spec, callers, calls(["nap", 3_600_000 if endless else 1100 * LIMIT_S], ["echo"]))
    assert time.monotonic() - began < 3600
    errors = {record.index: record.error for record in outcome.records}
    assert errors == {
        0: f"TimeLimitError: {Deadline(LIMIT_S).too_late()}",
        1: None,
    }


def test_a_function_that_catches_every_exception_is_ended_where_a_signal_can(
    spec: Spec, callers: Roster
) -> None:
    if ends(spec.way, has_async=False) != "all":
        pytest.skip("nothing can end it here")
    [record] = run(spec, callers, calls(["stubborn", 3600])).records
    assert (record.error or "").startswith("TimeLimitError: ")


def test_the_lab_s_own_jobs_are_done_beside_it(spec: Spec, callers: Roster) -> None:
    jobs: list[Job] = [ChessMove("8/8/8/8/8/2k5/8/K6R w - - 0 1", wait_ms=1), FileCheck(("test001.txt",))]
    assert [record.error for record in run(spec, callers, jobs).records] == [None, None]


def test_another_function_is_neither_called_nor_looked_for(spec: Spec, callers: Roster) -> None:
    jobs = [Call("shop.tasks:nap", "[0]"), Call("os:getpid", "[]"), Call(NAME, '["echo"]')]
    errors = {record.index: record.error for record in run(spec, callers, jobs).records}
    assert errors[0] == (
        "InvalidJobError: this process calls shop.tasks:act alone (--job), and not 'shop.tasks:nap'"
    )
    assert (errors[1] or "").endswith("and not 'os:getpid'")
    assert errors[2] is None


def test_a_contender_that_was_started_for_none_calls_none(spec: Spec, roster: Roster) -> None:
    [record] = run(spec, roster, [Call("os:getpid", "[]")]).records
    assert record.error == (
        "InvalidJobError: this process calls no function (--job), and 'os:getpid' was asked for"
    )


def test_waits_overlap_on_an_event_loop_also_where_threads_call(spec: Spec, callers: Roster) -> None:
    if not is_event_loop(spec.way):
        pytest.skip("no event loop")
    records = run(spec, callers, calls(*[["nap", 200]] * spec.slots)).records
    assert max(record.started_ns for record in records) < min(record.finished_ns for record in records)


@pytest.mark.parametrize("way", ["asyncio", "celery:asyncio"])
def test_an_event_loop_awaits_the_twin_and_ends_it(make_twin: Callable[[Spec], Contender], way: str) -> None:
    contender = make_twin(Spec(way, 2))
    contender.start()
    try:
        outcome = contender.run(calls(["who"], ["nap", 3_600_000], ["echo"]), lambda _: None)
        assert outcome.problems == []
        errors = {record.index: (record.error or "").partition(":")[0] for record in outcome.records}
        assert errors == {0: "", 1: "TimeLimitError", 2: ""}
    finally:
        contender.stop()


@pytest.fixture
def make_twin(
    variables: dict[str, str], broker: Broker, reaper: Reaper, data_root: Path
) -> Callable[[Spec], Contender]:
    """Contenders that know of an async twin."""

    def make(spec: Spec) -> Contender:
        told = {**variables, "SIMUL_ASYNC_JOB": "shop.tasks:act_async"}
        if spec.celery_pool is None:
            return DesignContender(spec, data_root, reaper, told)
        return SpawnedWorkers(spec, broker, producer_app(broker.url), data_root, reaper, variables=told)

    return make


SENDER = """
from celery import Celery, shared_task

app = Celery("mine", broker="memory://")

@shared_task
def later(): pass

def send():
    later.delay()
    with app.connection() as connection:
        return connection.default_channel._size("celery")
"""


@pytest.mark.parametrize("pool", ["solo", "threads"])
def test_what_it_sends_by_the_current_app_goes_to_the_user_s_broker(
    pool: str, tmp_path: Path, broker: Broker, reaper: Reaper, data_root: Path
) -> None:
    (tmp_path / "mine.py").write_text(SENDER)
    variables = Target("mine:send", app_dir=str(tmp_path), directory=str(tmp_path)).environment()
    sender = partial(SpawnedWorkers, broker=broker, app=producer_app(broker.url), data_root=data_root)
    with Roster(lambda spec: sender(spec, reaper=reaper, variables=variables)) as roster:
        outcome = run(Spec(f"celery:{pool}", 1), roster, [Call("mine:send", "[]")] * 3)
    assert [(record.error, (record.answer or {}).get("text")) for record in outcome.records] == [
        (None, "1"),
        (None, "2"),
        (None, "3"),
    ]


def test_what_a_function_has_started_ends_with_the_process_that_works_the_answers_out(
    variables: dict[str, str], data_root: Path
) -> None:
    _, answers = work_out(calls(["begin", 3600]), data_root, variables=variables)
    [answer] = answers
    assert isinstance(answer, Returned)
    with contextlib.suppress(psutil.NoSuchProcess):
        psutil.Process(int(answer.text)).wait(SOON_S)
