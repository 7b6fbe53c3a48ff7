"""Asks a Python in an environment of simul's what it is, and what becomes of its GIL."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from producer.contender_name import CELERY
from producer.system.gil import Gil
from producer.system.inherited import inherited
from producer.system.projects import Project
from producer.system.pythons import FOR_CELERY, Python
from worker.errors import UnavailableError
from worker.pools import POOLS


def describe(request: str, python: Path, project: Project | None, missing: Mapping[str, str]) -> Python:
    """Describe the Python of an environment: that of a project, or one of simul's own.

    Raises:
        UnavailableError: it cannot import what every contender needs.
    """
    about = _inspect(python, ["producer.contenders.designs.child", *_unless(missing, "aiofiles")], request)
    gil, missing = {"designs": Gil(**about["gil"])}, dict(missing)
    if not missing.keys() & set(FOR_CELERY):
        for kind, modules in {"celery": ["worker.tasks"], **_pools(missing)}.items():
            try:
                gil[kind] = Gil(**_inspect(python, modules, request)["gil"])
            except UnavailableError as error:
                if not project:
                    raise
                missing[kind] = str(error)
    major, minor = about["version"]
    version = f"{major}.{minor}{'t' if about['free_threaded_build'] else ''}"
    return Python(
        label=f"{project.name} {version}" if project else version,
        executable=str(python),
        python=about["python"],
        version=(major, minor),
        free_threaded_build=about["free_threaded_build"],
        gil=gil,
        missing=missing,
        project=str(project.prefix) if project else None,
        packages=about["packages"],
    )


def _pools(missing: Mapping[str, str]) -> dict[str, list[str]]:
    """List what the workers of each pool import that needs more than Celery."""
    return {
        f"{CELERY}{row.name}": [*row.requires, "worker.tasks"]
        for row in POOLS.values()
        if row.requires and not missing.keys() & set(row.requires)
    }


def _unless(missing: Mapping[str, str], package: str) -> list[str]:
    return [] if package in missing else [package]


def _inspect(python: Path, modules: Sequence[str], request: str) -> dict[str, Any]:
    command: list[str | Path] = [python, "-m", "producer.system.gil", *modules]
    done = subprocess.run(
        command, capture_output=True, text=True, errors="replace", check=False, env=inherited()
    )
    if done.returncode:
        words = done.stderr.strip().splitlines()
        raise UnavailableError(f"Python {request} cannot import {modules[-1]}: {words[-1] if words else '?'}")
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer
