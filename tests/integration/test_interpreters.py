"""The same contenders under another Python, in an environment that uv makes."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import pytest
from rich.console import Console

from producer.contenders.parsing import parse
from producer.measure.lab import Comparison
from producer.measure.plan import Plan
from producer.measure.progress import ProgressWatcher
from producer.results import Result, load
from producer.system.environments import prepare
from producer.workloads import build
from tests.schema import violations

pytestmark = pytest.mark.untraced

needs_uv = pytest.mark.skipif(shutil.which("uv") is None, reason="uv is not installed")


def compared(pythons: list[str], contenders: list[str], tmp_path: Path) -> Result:
    workload = build("waits", 4)
    specs = [parse(text, workload) for text in contenders]
    out = tmp_path / "result.json"
    plan = Plan(
        workloads=[workload],
        contenders={"waits": specs},
        rounds=1,
        seed=1,
        chunk=1,
        data_root=workload_data(),
        out=out,
    )
    with ProgressWatcher(Console(stderr=True, quiet=True), quiet=True) as watcher:
        Comparison(plan.under(prepare(pythons, lambda _: None)), watcher).carry_out()
    assert violations(out) == []
    return load(out)


def workload_data() -> Path:
    from worker.settings import PROJECT_DATA

    return PROJECT_DATA


@needs_uv
def test_contenders_run_under_a_python_given_by_its_path(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SIMUL_CACHE", str(tmp_path))
    result = compared([sys.executable], ["threads@2", "processes@2", "celery:solo"], tmp_path)
    label = result.pythons[0].label
    assert {str(run.contender) for run in result.runs if run.valid} == {
        f"threads@2 [{label}]",
        f"processes@2 [{label}]",
        f"celery:solo [{label}]",
    }
    assert str(tmp_path) in result.pythons[0].executable
