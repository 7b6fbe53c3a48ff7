"""Environments for other Pythons, made by uv: each with the packages that have a build for it.

The packages have the versions that the lab itself runs with, so that the Pythons are compared and not
their packages. An environment is kept in the user's cache and used again; nothing outside it is touched.
"""

from __future__ import annotations

import hashlib
import importlib.util
import json
import os
import shutil
import subprocess
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from importlib import metadata
from pathlib import Path
from typing import Any

from producer.contender_name import CELERY
from producer.system.gil import Gil
from producer.system.inherited import inherited
from producer.system.pythons import BASE, FOR_CELERY, Python
from producer.system.uv_commands import reason_in, run_uv, version_here, why_missing
from worker.errors import UnavailableError
from worker.pools import POOLS
from worker.settings import PROJECT

#: Packages made of C: where they have no build for a Python, they are not built here either.
BINARY = ("msgspec", "hiredis", "gevent", "greenlet", "zope.interface", "cffi")
#: kombu's Redis transport needs more than kombu does.
EXTRAS = {"kombu": "kombu[redis]"}
#: The oldest Python that simul runs on.
OLDEST = (3, 11)
#: Written last: an environment without it is not finished.
READY = "simul.json"

#: Told what is being done.
Tell = Callable[[str], None]


def prepare(requests: Sequence[str], tell: Tell) -> list[Python]:
    """Make the Pythons ready that are asked for, each by a version ("3.13", "3.14t") or a path.

    Raises:
        UnavailableError: there is no uv, no such Python, or it lacks what every contender needs.
    """
    pythons = [_describe(request, _environment(request, tell)) for request in dict.fromkeys(requests)]
    return distinguish(pythons)


def cache_root() -> Path:
    """Find the directory in which environments are kept: SIMUL_CACHE, or one in the user's cache."""
    if chosen := os.environ.get("SIMUL_CACHE"):
        return Path(chosen).resolve()
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "simul"


def constraints() -> Iterator[str]:
    """List the versions that are installed here, as requirements; simul itself is linked."""
    for package in metadata.distributions():
        if package.metadata["Name"] != "simul-lab" and not package.read_text("direct_url.json"):
            yield f"{package.metadata['Name']}=={package.version}"


def packages() -> list[str]:
    """List the packages to install, the indispensable first; hiredis only where the lab has it, too."""
    of_pools = (name for row in POOLS.values() for name in row.requires)
    optional = ["hiredis"] if version_here("hiredis") else []
    return list(dict.fromkeys([*BASE, "aiofiles", *FOR_CELERY, *optional, *of_pools]))


def _environment(request: str, tell: Tell) -> Path:
    """Find the environment for a Python, or make it."""
    python = str(Path(request).absolute()) if os.sep in request else request
    pins = "\n".join(sorted(constraints()))
    key = hashlib.sha256(
        "\n".join([python, str(PROJECT), *packages(), *EXTRAS.values(), pins]).encode()
    ).hexdigest()[:12]
    final = cache_root() / "pythons" / f"{Path(python).name}-{key}"
    if (final / READY).exists() and _python(final).exists():
        return final
    tell(f"making an environment for Python {request}")
    final.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=final.parent, prefix=".") as directory:
        making = Path(directory) / "environment"
        made = run_uv("venv", "--quiet", "--no-project", "--relocatable", "--python", python, str(making))
        if made.returncode:
            raise UnavailableError(
                f"there is no Python {request} (uv venv): {reason_in(made.stderr)}. "
                "Name one that is installed, by its version or by its path."
            )
        _fill(making, pins, request, tell)
        shutil.rmtree(final, ignore_errors=True)
        making.replace(final)
    return final


def _fill(environment: Path, pins: str, request: str, tell: Tell) -> None:
    """Install what has a build, link simul itself, and note what is missing and why."""
    python = _python(environment)
    version = _ask(python, "import sys; print(*sys.version_info[:2])").split()
    if tuple(map(int, version)) < OLDEST:
        raise UnavailableError(f"simul runs on Python 3.11 and later; {request} is {'.'.join(version)}")
    site = Path(_ask(python, "import sysconfig; print(sysconfig.get_path('purelib'))"))
    for name in ("worker", "producer", "celery_asyncio_pool", "celery_reliable_redis"):
        (site / name).symlink_to(_directory(name))
    pinned = environment / "constraints.txt"
    pinned.write_text(pins)
    missing = {}
    for name in packages():
        tell(f"installing {name} for Python {request}")
        requirement = EXTRAS.get(name, name)
        only = [part for binary in BINARY for part in ("--only-binary", binary)]
        done = run_uv(
            "pip", "install", "--quiet", "--python", str(python), "-c", str(pinned), *only, requirement
        )
        if done.returncode and name in BASE:
            raise UnavailableError(f"{name} cannot be installed for {request} (uv): {reason_in(done.stderr)}")
        if done.returncode:
            missing[name] = why_missing(name, done.stderr)
    (environment / READY).write_text(json.dumps({"missing": missing}))


def _directory(package: str) -> Path:
    """Find the directory of a package of the lab's."""
    spec = importlib.util.find_spec(package)
    assert spec is not None
    assert spec.origin is not None
    return Path(spec.origin).parent


def _describe(request: str, environment: Path) -> Python:
    missing: dict[str, str] = json.loads((environment / READY).read_text())["missing"]
    python = _python(environment)
    families = {"designs": ["producer.contenders.designs.child"]}
    if "aiofiles" not in missing:
        families["designs"].append("aiofiles")
    if not missing.keys() & set(FOR_CELERY):
        families["celery"] = ["worker.tasks"]
        for row in POOLS.values():
            if row.requires and not missing.keys() & set(row.requires):
                families[f"{CELERY}{row.name}"] = [*row.requires, "worker.tasks"]
    seen = {name: _inspect(python, modules, request) for name, modules in families.items()}
    about = seen["designs"]
    major, minor = about["version"]
    return Python(
        label=f"{major}.{minor}{'t' if about['free_threaded_build'] else ''}",
        executable=str(python),
        python=about["python"],
        version=(major, minor),
        free_threaded_build=about["free_threaded_build"],
        gil={name: Gil(**answer["gil"]) for name, answer in seen.items()},
        missing=missing,
    )


def distinguish(pythons: Sequence[Python]) -> list[Python]:
    """Give equal labels the whole version; where that is equal too, a number."""
    labels = Counter(python.label for python in pythons)
    longer = []
    for python in pythons:
        if labels[python.label] > 1:
            suffix = "t" if python.free_threaded_build else ""
            python = replace(python, label=python.python.partition(" ")[2] + suffix)
        longer.append(python)
    seen: Counter[str] = Counter()
    result = []
    for python in longer:
        seen[python.label] += 1
        number = seen[python.label]
        result.append(replace(python, label=f"{python.label} #{number}") if number > 1 else python)
    return result


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


def _python(environment: Path) -> Path:
    return environment / "bin" / "python"


def _ask(python: Path, code: str) -> str:
    command: list[str | Path] = [python, "-c", code]
    done = subprocess.run(command, capture_output=True, check=True, env=inherited())
    return os.fsdecode(done.stdout).strip()
