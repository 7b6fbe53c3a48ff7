"""A Compose project of the tests' own: a copy of what a clone holds, under a name that nothing else has."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.helpers import free_port

PROJECT = Path(__file__).resolve().parents[2]
#: What the stack is built from and mounts. Nothing else of the clone takes part.
PARTS = (
    "compose.yaml",
    "Dockerfile",
    ".dockerignore",
    "pyproject.toml",
    "constraints.txt",
    "packages",
    "worker",
    "producer",
    "data",
)
#: An upper bound for whatever has to happen, in seconds. Generous: a first build fetches packages.
SOON_S = 600.0
#: After so many seconds another worker gets the jobs of a killed one.
VISIBILITY_TIMEOUT_S = 15
#: Slots of each threads, gevent and eventlet worker.
SLOTS = 4


@dataclass(frozen=True, slots=True)
class Stack:
    """The lab in a directory; `compose` is what one would type there."""

    directory: Path
    project: str = field(default_factory=lambda: f"simul-test-{uuid.uuid4().hex[:8]}")
    image: str = "simul-test"
    flower_port: int = field(default_factory=free_port)
    page_port: int = field(default_factory=free_port)
    #: What carries the messages; "" is the default.
    transport: str = ""
    #: What else is set.
    variables: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def cloned(cls, directory: Path, **more: Any) -> Stack:
        """A stack in a new directory."""
        directory.mkdir()
        for part in PARTS:
            source = PROJECT / part
            if source.is_dir():
                shutil.copytree(source, directory / part, ignore=shutil.ignore_patterns("__pycache__"))
            else:
                shutil.copy(source, directory / part)
        shutil.copy(Path(__file__).with_name("override.yaml"), directory)
        (directory / "results").mkdir()
        return cls(directory, **more)

    def compose(self, *arguments: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        """Run `docker compose` to its end."""
        with self.started(*arguments) as process:
            out, err = process.communicate(timeout=SOON_S)
        assert not check or process.returncode == 0, f"docker compose {arguments}: {out}\n{err}"
        return subprocess.CompletedProcess(arguments, process.returncode, out, err)

    def simul(self, *arguments: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        """Run a `simul` command in a producer container of its own."""
        return self.compose("run", "--rm", "-T", "producer", *arguments, check=check)

    @contextmanager
    def started(self, *arguments: str) -> Iterator[subprocess.Popen[str]]:
        """`docker compose` while it runs."""
        process = subprocess.Popen(
            ["docker", "compose", *arguments],
            cwd=self.directory,
            env=self._environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        with process:
            try:
                yield process
            finally:
                if process.poll() is None:
                    process.kill()

    def redis(self, *command: str) -> str:
        """Ask the lab's Redis."""
        # Not `docker compose exec`: what is asked while jobs are under way must not take a second.
        return docker("exec", f"{self.project}-redis-1", "redis-cli", "--raw", *command).strip()

    def containers(self, service: str = "") -> list[dict[str, Any]]:
        """What Docker knows of the containers of a service, or of all."""
        ids = self.compose("ps", "-a", "-q", *([service] if service else [])).stdout.split()
        containers: list[dict[str, Any]] = json.loads(docker("inspect", *ids)) if ids else []
        return containers

    def hosts(self, service: str) -> set[str]:
        """The names by which a service's containers call themselves."""
        return {container["Config"]["Hostname"] for container in self.containers(service)}

    def down(self) -> None:
        """Leave nothing but the image, which is the cache of the next build."""
        self.compose("--profile", "*", "down", "--volumes", "--remove-orphans", "--timeout", "2")

    def _environment(self) -> dict[str, str]:
        return {
            **os.environ,
            "COMPOSE_PROJECT_NAME": self.project,
            "COMPOSE_FILE": f"compose.yaml{os.pathsep}override.yaml",
            "SIMUL_IMAGE": self.image,
            "SIMUL_SLOTS": str(SLOTS),
            "SIMUL_VISIBILITY_TIMEOUT": str(VISIBILITY_TIMEOUT_S),
            "SIMUL_FLOWER_PORT": str(self.flower_port),
            "SIMUL_PAGE_PORT": str(self.page_port),
            "SIMUL_TRANSPORT": self.transport,
            **self.variables,
        }


def docker(*arguments: str) -> str:
    """What a `docker` command prints."""
    done = subprocess.run(["docker", *arguments], capture_output=True, text=True, timeout=SOON_S)
    assert done.returncode == 0, f"docker {arguments}: {done.stderr}"
    return done.stdout
