"""A function of the user's in the lab: its code is mounted, and every container calls it."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from producer.results import load
from tests.compose.stack import PROJECT, Stack

pytestmark = pytest.mark.compose

VARIABLES = {
    "SIMUL_CODE": "./code",
    "SIMUL_JOB": "shop.tasks:act",
    "SIMUL_ASYNC_JOB": "shop.tasks:act_async",
    "SIMUL_APP_DIR": "src",
    "SIMUL_ARGS": "calls.jsonl",
    "SIMUL_REPEAT": "6",
}


@pytest.fixture(scope="module")
def shop(built: Stack, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """The lab with two of its workers, and a project of the user's beside it."""
    directory = tmp_path_factory.mktemp("shop") / "clone"
    shop = Stack.cloned(directory, image=built.image, variables=VARIABLES)
    ignored = shutil.ignore_patterns("__pycache__")
    shutil.copytree(PROJECT / "tests" / "project", directory / "code" / "src", ignore=ignored)
    (directory / "code" / "calls.jsonl").write_text('["nap", 5]\n["where"]\n')
    try:
        shop.compose("up", "-d", "worker-threads", "worker-asyncio")
        yield shop
    finally:
        shop.down()


def test_every_container_calls_the_function_where_its_code_is(shop: Stack) -> None:
    ways = ("serial", "threads@2", "celery:threads", "celery:asyncio")
    out = Path("results", "own.json.gz")
    shop.simul("compare", "--with", ",".join(ways), "--rounds", "2", "--out", str(out))
    result = load(shop.directory / out)
    [workload] = result.workloads
    assert (workload.name, workload.jobs, workload.left_out) == ("shop.tasks:act", 12, {})
    assert {run.contender.way for run in result.runs if run.valid} == {way.partition("@")[0] for way in ways}
    sent = shop.simul("send", "--pool", "threads", "--jobs", "2", "--json").stdout
    answers = [json.loads(line)["answer"]["text"] for line in sent.splitlines()]
    assert answers == ["5", '["/code", ""]']


def test_the_code_cannot_be_changed(shop: Stack) -> None:
    for container in shop.containers():
        code = [mount for mount in container["Mounts"] if mount["Destination"] == "/code"]
        assert [mount["RW"] for mount in code] in ([False], [])  # none in that of Redis
