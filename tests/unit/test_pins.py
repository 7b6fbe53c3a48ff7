"""`uv run` installs what was tested: constraints.txt, pyproject.toml and this environment agree."""

import tomllib
from importlib import metadata

from hypothesis import settings
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from worker.settings import PROJECT


def pins() -> list[str]:
    lines = (PROJECT / "constraints.txt").read_text().splitlines()
    return [line for line in lines if not line.startswith("#")]


def test_uv_is_told_the_same_versions_as_pip() -> None:
    project = tomllib.loads((PROJECT / "pyproject.toml").read_text())
    constraints = project["tool"]["uv"]["constraint-dependencies"]

    assert [pin.replace("'", '"') for pin in constraints] == [pin.replace("'", '"') for pin in pins()]


def test_what_is_installed_here_is_what_is_pinned() -> None:
    here = {
        str(canonicalize_name(package.metadata["Name"])): package.version
        for package in metadata.distributions()
    }
    pinned = [pin for pin in map(Requirement, pins()) if pin.marker is None or pin.marker.evaluate()]
    compared = [(pin.name, here[pin.name], pin.specifier) for pin in pinned if pin.name in here]

    assert len(compared) > 40, "an environment of simul has that many of these packages"
    wrong = [(name, version, admitted) for name, version, admitted in compared if version not in admitted]
    assert wrong == []


def test_no_property_has_a_deadline() -> None:
    assert settings.default is not None
    assert settings.default.deadline is None
