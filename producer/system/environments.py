"""Environments for other Pythons, made by uv: each with the packages that have a build for it.

The packages have the versions that the lab itself runs with, so that the Pythons are compared and not their
packages. But where a Python is that of a virtual environment, a user's project, all that is installed there
is found in the project's versions, and what simul lacks there is installed beside it.

An environment is kept in the user's cache and used again; nothing outside it is touched.
"""

from __future__ import annotations

import hashlib
import importlib.util
import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Sequence
from importlib import metadata
from pathlib import Path

from producer.system import project_paths
from producer.system.inherited import inherited
from producer.system.inspection import describe
from producer.system.projects import Project, look_into, normalised
from producer.system.pythons import BASE, FOR_CELERY, STANDS_IN, Python, distinguish
from producer.system.uv_commands import reason_in, run_uv, version_here, why_missing
from worker.errors import UnavailableError
from worker.pools import POOLS
from worker.settings import PROJECT

#: Packages made of C: where they have no build for a Python, they are not built here either.
BINARY = ("msgspec", "hiredis", "gevent", "greenlet", "zope.interface", "cffi")
#: kombu knows which versions of redis-py it works with.
EXTRAS = {"kombu": "kombu[redis]", "redis": "kombu[redis]"}
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
    return distinguish([_prepare(request, tell) for request in dict.fromkeys(requests)])


def _prepare(request: str, tell: Tell) -> Python:
    # A link is not followed: the Python of a virtual environment is one, to another Python.
    project = look_into(Path(request).absolute()) if os.sep in request else None
    environment = _environment(request, project, tell)
    missing: dict[str, str] = json.loads((environment / READY).read_text())["missing"]
    return describe(request, _python(environment), project, missing)


def cache_root() -> Path:
    """Find the directory in which environments are kept: SIMUL_CACHE, or one in the user's cache."""
    if chosen := os.environ.get("SIMUL_CACHE"):
        return Path(chosen).resolve()
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "simul"


def constraints(project: Project | None = None) -> dict[str, str]:
    """List the versions installed here, as requirements by package, without those that a project has."""
    pins = {}
    for package in metadata.distributions():
        name = package.metadata["Name"]
        # simul itself is linked.
        if name != "simul-lab" and not package.read_text("direct_url.json"):
            pins[normalised(name)] = f"{name}=={package.version}"
    return {name: pin for name, pin in pins.items() if project is None or not project.has(name)}


def packages(project: Project | None = None) -> list[str]:
    """List the packages to install, the indispensable first, without those that the project has.

    hiredis only where the lab has it, too, and not for a project: it is the project that does without.
    """
    of_pools = (name for row in POOLS.values() for name in row.requires)
    optional = ["hiredis"] if version_here("hiredis") and not project else []
    names = dict.fromkeys([*BASE, "aiofiles", *FOR_CELERY, *STANDS_IN, *optional, *of_pools])
    return [name for name in names if not (project and project.has(name))]


def _environment(request: str, project: Project | None, tell: Tell) -> Path:
    """Find the environment for a Python, or make it."""
    python = str(Path(request).absolute()) if os.sep in request else request
    parts = [python, str(PROJECT), *packages(project), *EXTRAS.values(), *sorted(constraints().values())]
    if project:
        parts.append(project.key)
    key = hashlib.sha256("\n".join(parts).encode(errors="surrogateescape")).hexdigest()[:12]
    final = cache_root() / "pythons" / f"{project.name if project else Path(python).name}-{key}"
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
                "Name one that `uv python list` shows, by its version or by its path."
            )
        _fill(making, project, request, tell)
        shutil.rmtree(final, ignore_errors=True)
        making.replace(final)
    return final


def _fill(environment: Path, project: Project | None, request: str, tell: Tell) -> None:
    """Install what has a build, link simul itself and a project, and note what is missing and why."""
    python = _python(environment)
    version = _ask(python, "import sys; print(*sys.version_info[:2])").split()
    if tuple(map(int, version)) < OLDEST:
        raise UnavailableError(f"simul runs on Python 3.11 and later; {request} is {'.'.join(version)}")
    missing = {}
    for name in packages(project):
        tell(f"installing {name} for Python {request}")
        stderr = _install(environment, EXTRAS.get(name, name), project)
        if stderr is not None and name in BASE:
            raise UnavailableError(f"{name} cannot be installed for {request} (uv): {reason_in(stderr)}")
        if stderr is not None:
            instead = f"; {STANDS_IN[name]}" if name in STANDS_IN else ""
            missing[name] = why_missing(name, stderr) + instead
    _link(environment, project)
    (environment / READY).write_text(json.dumps({"missing": missing}))


def _install(environment: Path, requirement: str, project: Project | None) -> str | None:
    """Install a package; where that fails, return what uv said of it."""
    pinned = environment / "constraints.txt"
    only = [part for binary in BINARY for part in ("--only-binary", binary)]
    target = ("--python", str(_python(environment)), "-c", str(pinned))
    # Not where a pyproject.toml might constrain a project's versions, too: that of the lab's checkout does.
    where = environment if project else None
    said = []
    # What does not go with a project's versions in that of the lab's may do so in another.
    for pins in [[*constraints(project).values()], *([[]] if project else [])]:
        pinned.write_text("\n".join([*(project.pins() if project else []), *pins]))
        done = run_uv("pip", "install", "--quiet", *target, *only, requirement, cwd=where)
        if not done.returncode:
            return None
        said.append(done.stderr)
    return said[0]


def _link(environment: Path, project: Project | None) -> None:
    """Have the Python of the environment find simul itself, and what a project has installed."""
    site = Path(_ask(_python(environment), "import sysconfig; print(sysconfig.get_path('purelib'))"))
    links = environment / "lab"
    links.mkdir()
    for name in ("worker", "producer", "celery_asyncio_pool", "celery_reliable_redis"):
        (links / name).symlink_to(_directory(name))
    (site / "simul_paths.py").symlink_to(Path(project_paths.__file__).resolve())
    directories = ascii(list(project.directories)) if project else "[]"  # ASCII, whatever the locale
    (site / "simul.pth").write_text(f"import simul_paths; simul_paths.arrange({directories})\n")


def _directory(package: str) -> Path:
    """Find the directory of a package of the lab's."""
    spec = importlib.util.find_spec(package)
    assert spec is not None
    assert spec.origin is not None
    return Path(spec.origin).parent


def _python(environment: Path) -> Path:
    return environment / "bin" / "python"


def _ask(python: Path, code: str) -> str:
    command: list[str | Path] = [python, "-c", code]
    done = subprocess.run(command, capture_output=True, check=True, env=inherited())
    return os.fsdecode(done.stdout).strip()
