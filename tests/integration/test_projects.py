"""Contenders under the Python of a user's own project: they run with its packages, in its versions."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Any

import pytest

from producer.measure.reference_run import work_out
from producer.results import Result, load
from producer.system.environments import prepare
from producer.system.pythons import Python
from producer.workloads import build
from producer.workloads.calls import NONE, Calls
from tests.helpers import SIMUL
from worker.answers import Returned
from worker.settings import PROJECT_DATA
from worker.target import Target

pytestmark = [
    pytest.mark.untraced,
    pytest.mark.skipif(shutil.which("uv") is None, reason="uv is not installed"),
]

#: Older than the lab's own.
PINS = {"celery": "5.5.3", "kombu": "5.5.4", "redis": "5.2.1"}
PYPROJECT = """
[project]
name = "shop"
version = "1.2.3"
[build-system]
requires = []
build-backend = "backend"
backend-path = ["."]
"""
#: Builds an editable wheel, and needs no other package for it.
BACKEND = """
import pathlib, zipfile
def build_editable(directory, config_settings=None, metadata_directory=None):
    name = "shop-1.2.3-py3-none-any.whl"
    with zipfile.ZipFile(pathlib.Path(directory, name), "w") as wheel:
        about = "shop-1.2.3.dist-info/"
        wheel.writestr("shop.pth", f"{pathlib.Path.cwd()}\\nimport shop; shop.note('shop', shop.__file__)\\n")
        wheel.writestr(about + "METADATA", "Metadata-Version: 2.1\\nName: shop\\nVersion: 1.2.3\\n")
        wheel.writestr(about + "WHEEL", "Wheel-Version: 1.0\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n")
        wheel.writestr(about + "RECORD", "")
    return name
"""
#: Notes which file of which package a process has imported, and what that process is.
SHOP = """
import json, sys
from importlib import metadata
def versions():
    import redis
    return [metadata.version("shop"), redis.__version__]
def note(name, file):
    seen = {"package": name, "file": file, "version": metadata.version(name), "command": sys.orig_argv}
    with open(NOTES, "a") as notes:
        notes.write(json.dumps(seen) + "\\n")
"""


@dataclass
class Shop:
    """A user's project."""

    root: Path

    @property
    def python(self) -> str:
        """The Python of its environment."""
        return str(self.root / ".venv" / "bin" / "python")

    @property
    def site(self) -> Path:
        """Where its packages are."""
        [site] = (self.root / ".venv").glob("lib/python*/site-packages")
        return site

    def notes(self) -> list[dict[str, Any]]:
        """What its packages have noted of the processes that imported them."""
        notes = self.root / "notes"
        return [json.loads(line) for line in notes.read_text().splitlines()] if notes.exists() else []

    def state(self) -> dict[str, int]:
        """Every file of its own, with the time of its last change."""
        files = (path for path in self.root.rglob("*") if path.name != "notes")
        return {str(path): path.lstat().st_mtime_ns for path in files}


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    """A project with older pins and a package of its own, and a cache for simul."""
    shop = Shop(tmp_path_factory.mktemp("a shop") / "shop")
    (shop.root / "shop").mkdir(parents=True)
    (shop.root / "pyproject.toml").write_text(PYPROJECT)
    (shop.root / "backend.py").write_text(BACKEND)
    (shop.root / "shop" / "__init__.py").write_text(f"NOTES = {str(shop.root / 'notes')!r}\n{SHOP}")
    uv(shop, "venv", "--quiet", "--no-project", "--python", sys.executable, ".venv")
    pins = [f"{name}=={version}" for name, version in PINS.items()]
    # Copied: a file that is linked to uv's cache would be changed there, too.
    install = ("pip", "install", "--quiet", "--link-mode", "copy", "--python", shop.python)
    uv(shop, *install, *pins, "--editable", ".")
    for module in ("celery/app/base.py", "kombu/connection.py", "redis/client.py"):
        with (shop.site / module).open("a") as file:
            file.write(f"\nimport shop; shop.note({module.partition('/')[0]!r}, __file__)\n")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SIMUL_CACHE", str(tmp_path_factory.mktemp("cache")))
        for name in ("PYTHONDONTWRITEBYTECODE", "PYTHONPYCACHEPREFIX"):
            patch.delenv(name, raising=False)
        yield shop


def uv(shop: Shop, *arguments: str) -> None:
    # In its own directory: the lab's pyproject.toml would constrain the versions.
    done = subprocess.run(["uv", *arguments], capture_output=True, text=True, check=False, cwd=shop.root)
    assert done.returncode == 0, done.stderr


def compared(shop: Shop, tmp_path: Path, *options: str) -> Result:
    out = tmp_path / "result.json"
    # So few jobs that a worker has prefetched all of them: an older kombu has threads wait for the next.
    command = [SIMUL, "compare", "files", "--jobs", "6", "--rounds", "1", "--python", shop.python]
    done = subprocess.run(
        [*command, "--out", str(out), "--quiet", *options],
        capture_output=True,
        text=True,
        check=False,
        cwd=tmp_path,
    )
    assert done.returncode == 0, done.stderr
    return load(out)


def test_contenders_run_with_the_packages_of_the_project(shop: Shop, tmp_path: Path) -> None:
    before = shop.state()
    pools = [f"celery:{pool}@2" for pool in ("threads", "prefork", "asyncio")]
    result = compared(shop, tmp_path, "--with", ",".join(["threads@2", *pools]))
    [python] = result.pythons
    label = f"shop {sys.version_info.major}.{sys.version_info.minor}"
    assert (python.label, python.packages, python.missing) == (label, PINS, {})
    assert python.project == str(shop.root / ".venv")
    assert {str(run.contender) for run in result.runs if run.valid} == {
        *(f"{name} [{label}]" for name in ("threads@2", *pools))
    }

    designs = [seen for seen in shop.notes() if "producer.contenders.designs.child" in seen["command"]]
    workers = [seen for seen in shop.notes() if seen["command"][1:3] == ["-m", "worker"]]
    assert {seen["package"] for seen in designs} == {"shop"}  # installed editable
    assert {(seen["package"], seen["version"]) for seen in workers} == {("shop", "1.2.3"), *PINS.items()}
    assert {seen["file"] for seen in designs} == {str(shop.root / "shop" / "__init__.py")}
    for seen in workers:
        assert seen["file"].startswith(str(shop.root / "shop" if seen["package"] == "shop" else shop.site))
    assert shop.state() == before


def prepared(shop: Shop) -> Python:
    [python] = prepare([shop.python], lambda _: None)
    return python


def ask(python: Python, code: str) -> str:
    return subprocess.run([python.executable, "-c", code], capture_output=True, text=True, check=True).stdout


def test_what_the_project_lacks_is_beside_it_in_the_versions_of_the_lab(shop: Shop) -> None:
    python = prepared(shop)
    for name in ("chess", "msgspec"):
        assert not list(shop.site.glob(f"{name}*"))
        version = ask(python, f"from importlib import metadata; print(metadata.version({name!r}))").strip()
        assert version == metadata.version(name)
    assert "not there" in ask(
        python, "import importlib.util as u; print(u.find_spec('numpy') or 'not there')"
    )


def test_an_environment_is_used_again_until_something_is_installed_in_the_project(shop: Shop) -> None:
    first = prepared(shop)
    assert prepared(shop).executable == first.executable
    another = shop.site / "till-0.1.dist-info"
    another.mkdir()
    try:
        (another / "METADATA").write_text("Metadata-Version: 2.1\nName: till\nVersion: 0.1\n")
        assert prepared(shop).executable != first.executable
    finally:
        shutil.rmtree(another)


def test_the_right_answers_can_be_worked_out_by_the_python_of_the_project(shop: Shop) -> None:
    jobs = build("files", 3).jobs
    here, there = work_out(jobs, PROJECT_DATA), work_out(jobs, PROJECT_DATA, prepared(shop).executable)
    assert here[1] == there[1]
    assert here[0].fingerprints == there[0].fingerprints
    [told] = {seen["file"] for seen in shop.notes() if "producer.measure.reference_child" in seen["command"]}
    assert told == str(shop.root / "shop" / "__init__.py")


def test_designs_run_where_celery_is_too_old(shop: Shop, tmp_path: Path) -> None:
    about = shop.site / f"redis-{PINS['redis']}.dist-info"
    old = shop.site / "redis-4.5.5.dist-info"
    about.rename(old)
    metadata_file = old / "METADATA"
    text = metadata_file.read_text()
    try:
        metadata_file.write_text(text.replace(f"Version: {PINS['redis']}", "Version: 4.5.5", 1))
        result = compared(shop, tmp_path, "--with", "threads@2,celery:solo")
    finally:
        metadata_file.write_text(text)
        old.rename(about)
    assert [run.contender.way for run in result.runs if run.valid] == ["threads"]
    [why] = result.workloads[0].left_out.values()
    assert why.startswith(f"redis 4.5.5 in {shop.root / '.venv'} is older than 5.2")


def test_a_function_of_the_project_is_called_with_its_packages_by_everybody(
    shop: Shop, tmp_path: Path
) -> None:
    out = tmp_path / "own.json"
    pools = [f"celery:{pool}@2" for pool in ("threads", "prefork", "asyncio")]
    contenders = ["serial", "threads@2", "asyncio@2", "processes@2", *pools]
    command = [SIMUL, "compare", "--job", "shop:versions", "--jobs", "6", "--rounds", "1", "--quiet"]
    command += ["--python", shop.python, "--with", ",".join(contenders), "--out", str(out)]
    before = len(shop.notes())
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    result = load(out)
    label = result.pythons[0].label
    assert {str(run.contender) for run in result.runs if run.valid} == {
        f"{way} [{label}]" for way in contenders
    }
    # The function's answer is in no file: what serial and all others returned alike is worked out again here.
    jobs = Calls("shop:versions", [NONE])
    target = Target("shop:versions", app_dir=str(tmp_path), directory=str(tmp_path))
    python = prepared(shop)
    _, [answer] = work_out(jobs, PROJECT_DATA, python.executable, target.environment())
    assert isinstance(answer, Returned)
    assert json.loads(answer.text) == ["1.2.3", PINS["redis"]]
    ran = [" ".join(seen["command"]) for seen in shop.notes()[before:] if seen["package"] == "shop"]
    for program in ("job_probe_child", "reference_child", "designs.child", "-m worker"):
        assert any(program in command for command in ran), program
