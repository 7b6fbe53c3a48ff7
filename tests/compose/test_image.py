"""The image: small, quick to start, nobody's root, and not built anew for every line of code."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from tests.compose.stack import Stack, docker

pytestmark = pytest.mark.compose

#: The image may be so much larger than its base, in MB of 1,000,000 bytes.
SIZE_MB = 250
#: A command may take so long to start, in seconds.
START_S = 2.0

START = """
import resource, subprocess
subprocess.run(["simul", "--help"], check=True, stdout=subprocess.DEVNULL)
used = resource.getrusage(resource.RUSAGE_CHILDREN)
print(used.ru_utime + used.ru_stime)
"""


def test_the_image_adds_little_to_its_base(built: Stack) -> None:
    # Everything that the Dockerfile adds is in these two.
    lines = inside(built.image, "du", "-s", "-B1", "/opt/simul", "/simul").splitlines()
    added_mb = sum(int(line.split()[0]) for line in lines) / 1_000_000
    assert added_mb < SIZE_MB


def test_a_command_starts_quickly(built: Stack) -> None:
    # CPU time: what a machine that is busy with other things makes of it is not the image's doing.
    assert min(float(inside(built.image, "python", "-c", START)) for _ in range(3)) < START_S


def test_the_image_runs_as_nobody_in_particular_and_holds_only_what_runs(built: Stack) -> None:
    assert inside(built.image, "id", "-u").strip() == "1000"
    assert set(inside(built.image, "ls", "-A", "/simul").split()) == {"packages", "worker", "producer"}


def test_a_change_of_code_does_not_install_the_dependencies_again(built: Stack, tmp_path: Path) -> None:
    changed = dataclasses.replace(Stack.cloned(tmp_path / "clone"), image="simul-test-changed")
    with (changed.directory / "worker" / "__init__.py").open("a") as module:
        module.write("# changed\n")
    changed.compose("build")
    try:
        installed = (
            "sh",
            "-c",
            "stat -c %y /opt/simul/lib/python*/site-packages/simul_lab-*.dist-info/RECORD",
        )
        assert inside(changed.image, *installed) == inside(built.image, *installed)
        assert inside(changed.image, "tail", "-n1", "/simul/worker/__init__.py") == "# changed\n"
    finally:
        docker("rmi", changed.image)


def inside(image: str, *command: str) -> str:
    """What a command prints in a container that reaches nothing."""
    program, *arguments = command
    return docker("run", "--rm", "--network", "none", "--entrypoint", program, image, *arguments)
