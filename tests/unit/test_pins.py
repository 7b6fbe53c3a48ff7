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

    assert [one.replace("'", '"') for one in constraints] == [one.replace("'", '"') for one in pins()]


def test_what_is_installed_here_is_what_is_pinned() -> None:
    here = {str(canonicalize_name(one.metadata["Name"])): one.version for one in metadata.distributions()}
    pinned = [one for one in map(Requirement, pins()) if one.marker is None or one.marker.evaluate()]
    compared = [(one.name, here[one.name], one.specifier) for one in pinned if one.name in here]

    assert len(compared) > 40, "an environment of simul has that many of these packages"
    assert [one for one in compared if one[1] not in one[2]] == []


def test_no_property_has_a_deadline() -> None:
    assert settings.default is not None
    assert settings.default.deadline is None
