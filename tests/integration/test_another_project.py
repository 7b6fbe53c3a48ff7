"""Another project's Celery variables and settings are nothing to the lab: its jobs go to its own broker."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import redis

from producer.results import load
from producer.system.broker import Broker
from tests.helpers import SIMUL, Said, ready_worker, redis_server, simul
from worker.settings import ASYNCIO_POOL, PROJECT

pytestmark = pytest.mark.untraced

#: Settings as another project has them: where they are read, a file is left, and jobs go astray.
SETTINGS = """
import traceback
from pathlib import Path
Path(__file__).with_suffix(".read").write_text("".join(traceback.format_stack()))
broker_url = result_backend = {url!r}
broker_read_url = broker_write_url = broker_url
worker_pool = "solo"
task_serializer = result_serializer = "pickle"
task_always_eager = True
"""


class Project:
    """Another project: its Redis, its celeryconfig, and what its users have in their environment."""

    def __init__(self, url: str, directory: Path) -> None:
        self.directory = directory
        self._client = redis.Redis.from_url(url)
        (directory / "celeryconfig.py").write_text(SETTINGS.format(url=url))
        urls = ("CELERY_BROKER_URL", "CELERY_BROKER_READ_URL", "CELERY_BROKER_WRITE_URL")
        #: What Celery takes wherever it is used.
        self.environment = {
            **dict.fromkeys((*urls, "CELERY_RESULT_BACKEND", "BROKER_URL", "RESULT_BACKEND"), url),
            **dict.fromkeys(("CELERY_CONFIG_MODULE", "CONFIG_MODULE"), "celeryconfig"),
            **dict.fromkeys(("CELERY_LOADER", "LOADER"), "default"),
            "CELERY_CUSTOM_WORKER_POOL": ASYNCIO_POOL,
            "DJANGO_SETTINGS_MODULE": "settings.that.are.nowhere",
            "PYTHONPATH": str(directory),
        }
        #: What the `celery` command takes for options that nobody has typed. (Not CELERY_WORKER_DETACH, with
        #: which a worker becomes a daemon, that becomes a daemon, without end and out of reach.)
        self.options = {
            "CELERY_WORKER_EXCLUDE_QUEUES": "simul.threads",
            "CELERY_WORKER_INCLUDE": "modules_that_are_nowhere",
            "CELERY_WORKER_PURGE": "1",
            "CELERY_WORKDIR": "/",
            "REMAP_SIGTERM": "SIGQUIT",
        }
        self._connections = self._connected()

    def _connected(self) -> int:
        info: Any = self._client.info("stats")
        return int(info["total_connections_received"])

    def assert_untouched(self) -> None:
        """Nobody has been here."""
        assert self._client.dbsize() == 0
        assert self._connected() == self._connections

    def settings_read(self) -> str | None:
        """By whom its celeryconfig was read, if anybody did."""
        read = self.directory / "celeryconfig.read"
        return read.read_text() if read.exists() else None

    def close(self) -> None:
        """Hang up."""
        self._client.close()


@pytest.fixture
def project(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    """Another project."""
    with redis_server(tmp_path_factory.mktemp("foreign")) as url:
        project = Project(url, tmp_path_factory.mktemp("project"))
        with contextlib.closing(project):
            yield project


def sent(pool: str, jobs: int, project: Project, environment: Mapping[str, str]) -> Said:
    """What `simul send` says."""
    return simul(
        *("send", "waits", "--pool", pool, "--jobs", str(jobs)),
        cwd=project.directory,
        environment={**project.environment, **project.options, **environment},
    )


@pytest.mark.parametrize(
    ("transport", "contenders"),
    [("reliable", "celery:threads@2,celery:gevent@2"), ("stock", "celery:prefork@2,celery:asyncio@2")],
)
def test_a_comparison_uses_the_lab_s_broker_alone(project: Project, transport: str, contenders: str) -> None:
    said = simul(
        *("compare", "waits", "--quick", "--with", contenders, "--transport", transport),
        *("--json", "--out", "result.json"),
        cwd=project.directory,
        environment={**project.environment, **project.options},
    )
    assert said.code == 0, said.err
    result = load(project.directory / "result.json")
    assert {str(run.contender) for run in result.runs if run.valid} == set(contenders.split(","))
    project.assert_untouched()
    assert project.settings_read() is None


@pytest.mark.parametrize("pool", ["solo", "gevent"])
def test_a_worker_and_its_sender_use_the_lab_s_broker_alone(
    project: Project, broker: Broker, pool: str
) -> None:
    own = {"SIMUL_BROKER_URL": broker.url}
    command = [SIMUL, "worker", "--pool", pool, "-c", "2"]
    with ready_worker(command, project.directory, {**project.environment, **project.options, **own}):
        said = sent(pool, 4, project, own)
    assert (said.code, len(said.out.splitlines())) == (0, 4), said.err
    project.assert_untouched()
    assert project.settings_read() is None


@pytest.mark.parametrize("pool", ["gevent", "asyncio"])
def test_plain_celery_uses_the_address_of_the_lab_alone(project: Project, broker: Broker, pool: str) -> None:
    own = {"SIMUL_BROKER_URL": broker.url}
    name = "custom" if pool == "asyncio" else pool
    command = [sys.executable, "-m", "celery", "-A", "worker", "worker", f"--pool={name}", "-c", "2"]
    command += ["-Q", f"simul.{pool}", "-l", "INFO"]
    # Before it has loaded any app, Celery's command may read a celeryconfig; the lab's app does not.
    with ready_worker(command, PROJECT, {**project.environment, **own}):
        said = sent(pool, 4, project, own)
    assert (said.code, len(said.out.splitlines())) == (0, 4), said.err
    project.assert_untouched()
