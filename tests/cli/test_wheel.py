"""simul as it is installed from its wheel: away from the checkout, in a directory with nothing in it."""

import subprocess
import sys
from pathlib import Path
from shutil import which

import pytest

from tests.helpers import clean_environment, lacks
from worker.settings import PROJECT


def run(*command: str | Path, cwd: Path) -> subprocess.CompletedProcess[str]:
    environment = clean_environment(UV_NO_PROGRESS="1")
    for name in ("PYTHONPATH", "VIRTUAL_ENV", "UV_PROJECT_ENVIRONMENT"):
        environment.pop(name, None)
    return subprocess.run(command, cwd=cwd, env=environment, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The directory of the programs of an environment that holds simul's wheel and what it depends on."""
    uv = which("uv")
    if uv is None:
        lacks("no uv on PATH (pip install uv)")
    directory = tmp_path_factory.mktemp("wheel")
    steps: list[list[str | Path]] = [
        [uv, "build", "--all-packages", "--wheel", "--out-dir", directory, PROJECT],
        [uv, "venv", "--no-project", "--python", sys.executable, directory / "venv"],
    ]
    for step in steps:
        done = run(*step, cwd=directory)
        assert done.returncode == 0, done.stderr
    [wheel] = directory.glob("simul_lab-*.whl")
    into = ["--python", str(directory / "venv"), "-c", str(PROJECT / "constraints.txt")]
    # The two packages that the lab depends on were built with it.
    done = run(uv, "pip", "install", *into, "--find-links", directory, wheel, cwd=directory)
    if done.returncode:
        lacks(f"simul's dependencies cannot be installed: {done.stderr[-500:]}")
    return directory / "venv" / "bin"


def test_a_comparison_in_an_empty_directory_finds_its_data_and_leaves_its_result(
    installed: Path, tmp_path: Path
) -> None:
    ways = "serial,threads@2,celery:threads@2"
    said = run(
        installed / "simul", "compare", "files", "--quick", "--jobs", "20", "--with", ways, cwd=tmp_path
    )

    assert said.returncode == 0, said.stderr
    assert all(f"{way}" in said.stdout for way in ways.split(","))
    assert [path.parent.name for path in tmp_path.rglob("*.json.gz")] == ["results"]


def test_the_files_that_come_along_are_all_right(installed: Path, tmp_path: Path) -> None:
    (python,) = installed.glob("python3")
    found = run(
        python, "-c", "from worker.settings import PROJECT_DATA; print(PROJECT_DATA)", cwd=tmp_path
    ).stdout.strip()
    said = run(installed / "simul", "data", "check", found, cwd=tmp_path)

    assert said.returncode == 0, said.stderr
    assert "120" in said.stdout + said.stderr
