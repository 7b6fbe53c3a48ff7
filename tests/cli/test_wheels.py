"""The lab and its packages as their wheels install them: away from the checkout, with nothing else there."""

from __future__ import annotations

import re
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path
from shutil import which

import pytest

from producer.system.broker import Broker
from tests.helpers import SOON_S, clean_environment, lacks
from worker.settings import PROJECT

pytestmark = pytest.mark.untraced

CONSTRAINTS = ("-c", str(PROJECT / "constraints.txt"))
PACKAGES = ("celery-asyncio-pool", "celery-reliable-redis")


def run(*command: str | Path, cwd: Path, **environ: str | Path | None) -> subprocess.CompletedProcess[str]:
    environment = clean_environment(UV_NO_PROGRESS="1")
    for name in ("PYTHONPATH", "VIRTUAL_ENV", "UV_PROJECT_ENVIRONMENT"):
        environment.pop(name, None)
    environment |= {name: str(value) for name, value in environ.items()}
    return subprocess.run(command, cwd=cwd, env=environment, capture_output=True, text=True, check=False)


def require_installed(done: subprocess.CompletedProcess[str]) -> None:
    """Skip where no index can be reached; what is wrong otherwise is wrong with what was built."""
    if re.search(r"error sending request|dns error|failed to lookup|Failed to fetch|timed out", done.stderr):
        lacks(f"no index of packages can be reached: {done.stderr[-500:]}")
    assert done.returncode == 0, done.stderr


@pytest.fixture(scope="module")
def uv() -> str:
    return which("uv") or lacks("no uv on PATH (pip install uv)")


@pytest.fixture(scope="module")
def built(uv: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The directory of all that `uv build` makes."""
    directory = tmp_path_factory.mktemp("built")
    done = run(uv, "build", "--all-packages", "--out-dir", directory, PROJECT, cwd=directory)
    assert done.returncode == 0, done.stderr
    return directory


@pytest.fixture(scope="module")
def simul(uv: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The command, as `uv tool install` in the checkout installs it."""
    directory = tmp_path_factory.mktemp("tool")
    where = {"UV_TOOL_DIR": directory / "tools", "UV_TOOL_BIN_DIR": directory / "bin"}
    install = (uv, "tool", "install", "--python", sys.executable, *CONSTRAINTS, str(PROJECT))
    done = run(*install, cwd=directory, **where)
    require_installed(done)
    return directory / "bin" / "simul"


def test_each_package_has_a_wheel_and_a_source_distribution(built: Path) -> None:
    names = {path.name.partition("-")[0] for path in built.glob("*.whl")}
    assert names == {"simul_lab", "celery_asyncio_pool", "celery_reliable_redis"}
    assert {path.name.partition("-")[0] for path in built.glob("*.tar.gz")} == names


def test_the_lab_puts_one_name_among_other_people_s_packages(built: Path) -> None:
    [wheel] = built.glob("simul_lab-*.whl")
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()

    assert {name.partition("/")[0].partition("-")[0] for name in names} == {"simul_lab"}
    assert len([name for name in names if name.startswith("simul_lab/data/test")]) == 120


def test_a_comparison_in_an_empty_directory_finds_its_data_and_leaves_its_result(
    simul: Path, tmp_path: Path
) -> None:
    ways = "serial,threads@2,processes@2,celery:threads@2,celery:asyncio@2"
    said = run(simul, "compare", "files", "--quick", "--jobs", "20", "--with", ways, cwd=tmp_path)

    assert said.returncode == 0, said.stderr
    assert all(way in said.stdout for way in ways.split(","))
    assert "20 of 20 files correct" in said.stdout
    assert [path.parent.name for path in tmp_path.rglob("*.json.gz")] == ["results"]


APP = """
from celery import Celery

app = Celery("app", broker={url!r}, backend={url!r})
{settings}

@app.task
{function} add(a, b):
    return a + b
"""

ASK = """
import sys
from app import add
print(add.delay(20, 22).get(timeout=float(sys.argv[1])))
"""


@pytest.fixture(params=PACKAGES)
def project(
    request: pytest.FixtureRequest, uv: str, built: Path, broker: Broker, tmp_path: Path
) -> Iterator[tuple[Path, Path]]:
    """A project of somebody's that has one of the packages: its directory, and its Python."""
    [wheel] = built.glob(f"{request.param.replace('-', '_')}-*.whl")
    made = run(uv, "venv", "--no-project", "--python", sys.executable, tmp_path / "venv", cwd=tmp_path)
    assert made.returncode == 0, made.stderr
    python = tmp_path / "venv" / "bin" / "python"
    # As the README has it; the transport brings redis-py itself.
    wanted = (
        *CONSTRAINTS,
        str(wheel),
        "celery[redis]" if request.param == "celery-asyncio-pool" else "celery",
    )
    done = run(uv, "pip", "install", "--python", python, *wanted, cwd=tmp_path)
    require_installed(done)
    pool = request.param == "celery-asyncio-pool"
    settings = "" if pool else 'app.conf.broker_transport = "celery_reliable_redis:Transport"'
    app = APP.format(url=broker.url, settings=settings, function="async def" if pool else "def")
    (tmp_path / "app.py").write_text(app)
    command: list[str | Path] = [python, "-m", "celery", "-A", "app", "worker", "--without-mingle", "-c", "1"]
    command += ["-P", "custom" if pool else "solo"]
    environment = clean_environment(CELERY_CUSTOM_WORKER_POOL="celery_asyncio_pool:TaskPool")
    environment.pop("PYTHONPATH", None)
    with (tmp_path / "worker.log").open("wb") as log:
        worker = subprocess.Popen(command, cwd=tmp_path, env=environment, stdout=log, stderr=log)
    try:
        yield tmp_path, python
    finally:
        worker.terminate()
        worker.wait(SOON_S)


def test_a_task_runs_through_the_wheel_of_a_package(project: tuple[Path, Path]) -> None:
    directory, python = project
    said = run(python, "-c", ASK, str(SOON_S), cwd=directory)

    assert said.stdout.strip() == "42", said.stderr + (directory / "worker.log").read_text()
