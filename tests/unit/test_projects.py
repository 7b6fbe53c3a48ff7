"""What is found in the virtual environment of a user's project, and what is said of a path that has none."""

from __future__ import annotations

import json
import site
import subprocess
import sys
from pathlib import Path

import pytest

from producer.system import environments, project_paths
from producer.system.environments import prepare
from producer.system.projects import Project, look_into
from producer.system.pythons import FOR_CELERY
from worker.errors import UnavailableError


def project(path: str = "/home/me/shop/.venv", **packages: str) -> Project:
    installed = {name: (version, None) for name, version in packages.items()}
    return Project(Path(path), ("/home/me/shop/.venv/lib",), installed, "key")


@pytest.fixture
def venv(tmp_path: Path) -> Path:
    """A virtual environment, without pip, in which `shop` 1.2 is installed and `till` is editable."""
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", tmp_path / "shop" / ".venv"], check=True)
    site = site_of(tmp_path / "shop" / ".venv")
    install(site, "Shop_Front", "1.2")
    install(site, "till", "0.1", origin={"url": "file:///home/me/till", "dir_info": {"editable": True}})
    (site / "till.pth").write_text(f"{tmp_path / 'till'}\n")
    return tmp_path / "shop" / ".venv"


def site_of(environment: Path) -> Path:
    [site] = environment.glob("lib/python*/site-packages")
    return site


def install(site: Path, name: str, version: str, origin: object = None) -> None:
    directory = site / f"{name}-{version}.dist-info"
    directory.mkdir()
    (directory / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
    if origin:
        (directory / "direct_url.json").write_text(json.dumps(origin))


def test_what_is_installed_in_an_environment(venv: Path) -> None:
    found = look_into(venv / "bin" / "python")
    assert found
    assert (found.prefix, found.name) == (venv, "shop")
    assert found.directories == (str(site_of(venv)),)
    assert found.has("shop.front")
    assert found.has("till")
    assert not found.has("celery")
    assert found.pins() == ["shop-front==1.2"]  # the editable one has no version that an index knows


def test_an_upgrade_makes_another_key(venv: Path) -> None:
    before = look_into(venv / "bin" / "python")
    assert look_into(venv / "bin" / "python") == before
    install(site_of(venv), "redis", "5.2.1")
    after = look_into(venv / "bin" / "python")
    assert before
    assert after
    assert before.key != after.key


def test_a_link_on_the_way_is_not_followed_to_another_python(venv: Path, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(venv.parent)
    found = look_into(tmp_path / "link" / ".venv" / "bin" / "python")
    assert found
    assert found.has("till")


def test_the_python_below_an_environment_is_no_project(venv: Path) -> None:
    assert look_into((venv / "bin" / "python").resolve()) is None


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("/home/me/shop/.venv", "shop"),
        ("/home/me/shop/env", "shop"),
        ("/home/me/.virtualenvs/shop", "shop"),
        ("/home/me/shop/.venv-old", "venv-old"),
        ("/home/me/a [b] c@d/x=1/.venv", "x-1"),
        ("/home/me/[]/venv", "project"),
        ("/home/me/" + "s" * 99, "s" * 24),
    ],
)
def test_a_project_is_named_after_its_directory(path: str, name: str) -> None:
    assert project(path).name == name


def test_what_a_project_has_is_not_installed_again_and_not_in_other_versions() -> None:
    shop = project(celery="5.5.3", kombu="5.5.4", redis="5.2.1")
    assert not {"celery", "kombu", "redis", "hiredis"} & set(environments.packages(shop))
    assert {"chess", "msgspec", "packaging"} <= set(environments.packages(shop))
    assert set(FOR_CELERY) <= set(environments.packages())
    assert {"celery", "kombu", "msgspec"} <= environments.constraints().keys()
    assert not {"celery", "kombu", "redis"} & environments.constraints(shop).keys()
    assert "msgspec" in environments.constraints(shop)


def test_the_project_goes_before_what_it_lacks_and_behind_the_lab(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lab, own, theirs, editable = (tmp_path / name for name in ("lab", "own", "theirs", "editable"))
    for directory in (lab, own, theirs, editable):
        directory.mkdir()
    (theirs / "editable.pth").write_text(f"{editable}\n")
    monkeypatch.setattr(sys, "prefix", str(tmp_path))
    monkeypatch.setattr(sys, "pycache_prefix", None)
    monkeypatch.setattr(sys, "path", ["standard", str(own)])
    monkeypatch.setattr(site, "getsitepackages", lambda _: [str(own)])
    project_paths.arrange([str(theirs)])
    assert sys.pycache_prefix == str(tmp_path / "bytecode")
    assert sys.path == ["standard", *map(str, (lab, theirs, editable, own))]


def test_a_path_that_is_no_python_is_told_of_in_a_line(venv: Path, tmp_path: Path) -> None:
    (tmp_path / "text").write_text("no program")
    (tmp_path / "program").write_text("#!/bin/sh\necho hello\n")
    (tmp_path / "text").chmod(0o755)
    (tmp_path / "program").chmod(0o755)
    for path, words in (
        (tmp_path / "nothing", "there is no file"),
        (tmp_path, "is a directory"),
        (venv, f"is a directory (--python): name the Python in it, {venv}/bin/python"),
        (tmp_path / "text", "cannot be started (--python): Exec format error"),
        (tmp_path / "program", "did not answer as a Python does"),
        (tmp_path / ("x" * 300), "cannot be looked at (--python): File name too long"),
    ):
        with pytest.raises(UnavailableError) as told:
            prepare([str(path)], lambda _: None)
        assert words in str(told.value)
        assert str(path) in str(told.value)
        assert "\n" not in str(told.value)
