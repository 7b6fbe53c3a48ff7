"""A worker that is started without Celery's program is the worker that the program starts, and loads less."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from typing import Any

import pytest

from producer.contenders.celery_workers.command import worker_command, worker_environment
from producer.contenders.celery_workers.send import producer_app
from producer.system.broker import Broker
from tests.helpers import SOON_S, await_line, ready_worker, running, until
from worker.pools import POOLS
from worker.settings import PROJECT, PROJECT_DATA

pytestmark = pytest.mark.untraced

#: What Celery's program imports, itself or by its plugins, and a worker never uses.
NEEDLESS = {"prompt_toolkit", "click_repl", "flower", "tornado", "pygments.lexers", "celery.bin.celery"}

#: Runs a module as `python -m` does, up to the point where the worker would be made, and says of what.
MADE_OF = """
import json, runpy, sys
import celery.apps.worker

class Worker:
    def __init__(self, *arguments, **options):
        print("MADE", json.dumps([arguments, options], default=str))
        sys.exit()

celery.apps.worker.Worker = Worker
sys.argv = sys.argv[1:]
runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)
"""


def as_program(command: list[str]) -> list[str]:
    """The same command by Celery's program."""
    return ["celery" if part == "worker" and before == "-m" else part for before, part in _pairs(command)]


def _pairs(command: list[str]) -> Iterator[tuple[str, str]]:
    return zip(["", *command], command, strict=False)


def environment(pool: str, broker: Broker) -> Mapping[str, str]:
    """A worker's, as the lab makes it."""
    return worker_environment(pool, broker.url, PROJECT_DATA)


@pytest.fixture(params=POOLS)
def pool(request: pytest.FixtureRequest) -> str:
    """Each pool that can run here."""
    name: str = request.param
    if why := POOLS[name].unavailable():
        pytest.skip(why)
    return name


def test_a_worker_loads_nothing_that_only_the_program_uses(broker: Broker, pool: str) -> None:
    command = worker_command(pool, 2, None, "-n", f"{pool}@loads", "-l", "INFO")
    command[1:1] = ["-X", "importtime"]
    with running(command, PROJECT, environment(pool, broker)) as worker:
        assert worker.stderr is not None
        said = await_line(worker.stderr, " ready.")
    lines = [line for line in said.splitlines() if line.startswith("import time:")]
    modules = {line.rpartition("|")[2].strip() for line in lines}
    assert "celery.bin.worker" in modules
    assert not NEEDLESS & modules


@pytest.mark.parametrize(
    "options",
    [
        (),
        ("-l", "debug", "-n", "%n-1@%h", "--without-gossip", "--without-mingle", "--without-heartbeat"),
        ("--pidfile", "/tmp/%n.pid", "-f", "log-%n", "--prefetch-multiplier", "7", "-O", "fair", "-E"),
        ("--autoscale", "5,2", "--time-limit", "3", "--max-tasks-per-child", "9", "-X", "other"),
    ],
    ids=lambda options: options[0] if options else "none",
)
@pytest.mark.parametrize("more", [{}, {"NO_COLOR": "1", "CELERY_WORKER_PREFETCH_MULTIPLIER": "3"}])
def test_it_is_made_of_what_the_program_makes_it_of(
    broker: Broker, options: tuple[str, ...], more: dict[str, str]
) -> None:
    command = worker_command("asyncio", 3, "simul.a,simul.b", *options)
    made = []
    for _, _, *arguments in (command, as_program(command)):
        done = subprocess.run(
            [sys.executable, "-c", MADE_OF, *arguments],
            cwd=PROJECT,
            env={**environment("asyncio", broker), **more},
            capture_output=True,
            text=True,
            timeout=SOON_S,
            check=False,
        )
        [line] = [line for line in done.stdout.splitlines() if line.startswith("MADE ")] or [done.stderr]
        made.append(json.loads(line.removeprefix("MADE ")))
    assert made[0] == made[1]
    assert made[0][1]["quiet"] is True
    assert made[0][1]["no_color"] is bool(more)


def test_it_answers_as_the_program_s_does(broker: Broker, pool: str) -> None:
    app = producer_app(broker.url)
    nodes = {"worker": f"{pool}@start", "celery": f"{pool}@program"}
    commands = [worker_command(pool, 2, None, "-n", nodes["worker"], "-l", "INFO")]
    commands.append(as_program(worker_command(pool, 2, None, "-n", nodes["celery"], "-l", "INFO")))
    answers: dict[str, Any] = {}
    with ExitStack() as workers:
        for command in commands:
            workers.enter_context(ready_worker(command, PROJECT, environment(pool, broker)))
        inspect = app.control.inspect(list(nodes.values()))
        until(lambda: len(inspect.ping() or ()) == 2, "both answer")
        for question in ("stats", "active_queues", "registered", "conf"):
            replies = getattr(inspect, question)()
            answers[question] = [_comparable(replies[node]) for node in nodes.values()]
    for question, (ours, theirs) in answers.items():
        assert ours == theirs, question
    assert [queue["name"] for queue in answers["active_queues"][0]] == [f"simul.{pool}"]


def _comparable(reply: Any) -> Any:
    """A reply without what differs between any two workers."""
    if isinstance(reply, dict):
        own = {"pid", "clock", "uptime", "rusage", "total", "processes", "writes", "threads"}
        return {name: _comparable(value) for name, value in reply.items() if name not in own}
    if isinstance(reply, list):
        return sorted((_comparable(value) for value in reply), key=str)  # some come out of sets
    return reply
