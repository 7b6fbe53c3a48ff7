"""The workflow for the outside world cannot run here: what can be said of it without is held."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Iterator
from typing import Any

import pytest
import yaml
from jsonschema import Draft7Validator

from worker.settings import PROJECT

SCHEMA = PROJECT / "tests" / "workflow" / "github-workflow.json"
CI = PROJECT / ".ci"


@pytest.fixture(scope="module")
def workflow() -> dict[str, Any]:
    """The workflow. PyYAML takes the key `on` for a truth value, its host does not."""
    read = yaml.safe_load((PROJECT / ".github" / "workflows" / "ci.yml").read_text())
    return {"on" if key is True else key: value for key, value in read.items()}


def steps(workflow: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for job in workflow["jobs"].values():
        yield from job["steps"]


def scripts(workflow: dict[str, Any]) -> list[str]:
    """What the steps that run something run, without the arguments."""
    commands = [shlex.split(step["run"]) for step in steps(workflow) if "run" in step]
    return [next(word for word in words if not re.match("sudo$|--", word)) for words in commands]


def stages() -> list[str]:
    """The scripts that `.ci/run` calls on every machine."""
    return re.findall(r"^(\.ci/[\w-]+)", (CI / "run").read_text(), re.MULTILINE)


def violations(workflow: dict[str, Any]) -> list[str]:
    schema = json.loads(SCHEMA.read_text())
    return [f"{error.json_path}: {error.message}" for error in Draft7Validator(schema).iter_errors(workflow)]


def test_the_workflow_is_one_by_the_published_schema(workflow: dict[str, Any]) -> None:
    assert violations(workflow) == []


@pytest.mark.parametrize("spoilt", [{"jobs": {}}, {"jobs": {"a": {"steps": []}}}, {"permissions": "all"}])
def test_what_is_no_workflow_is_none_by_the_schema(workflow: dict[str, Any], spoilt: dict[str, Any]) -> None:
    assert violations(workflow | spoilt) != []


def test_every_step_runs_a_script_that_is_here(workflow: dict[str, Any]) -> None:
    assert len(scripts(workflow)) > 5
    for script in scripts(workflow):
        assert script.startswith(".ci/")
        assert (PROJECT / script).stat().st_mode & 0o111, script


def test_every_stage_of_a_run_is_in_the_workflow(workflow: dict[str, Any]) -> None:
    assert len(stages()) > 5
    assert set(stages()) - set(scripts(workflow)) == set()


def test_all_pythons_are_tried(workflow: dict[str, Any]) -> None:
    tests, packages = (workflow["jobs"][job]["strategy"]["matrix"] for job in ("tests", "packages"))
    assert tests["python"] == ["3.11", "3.12", "3.13", "3.14", "3.14t"]
    assert "3.10" in packages["python"]
    assert "5.5" in packages["celery"]


def test_the_workflow_may_only_read_and_its_actions_are_pinned(workflow: dict[str, Any]) -> None:
    assert workflow["permissions"] == {"contents": "read"}
    assert not any("permissions" in job for job in workflow["jobs"].values())
    actions = [step["uses"] for step in steps(workflow) if "uses" in step]
    assert [action for action in actions if not re.fullmatch(r"[\w-]+/[\w-]+@v\d+", action)] == []
