"""Describes what the numbers depend on: the processor, the Python, the versions, the load."""

from __future__ import annotations

import os
import platform
import subprocess
import sysconfig
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

import psutil

from producer.ranges import Bytes, Cores, Load, Positive
from producer.system import gil
from worker.settings import PROJECT

#: The packages whose versions a result names.
PACKAGES = (
    "celery",
    "kombu",
    "redis",
    "hiredis",
    "gevent",
    "eventlet",
    "greenlet",
    "uvloop",
    "aiofiles",
    "chess",
    *("dramatiq", "taskiq", "taskiq-redis", "huey", "rq", "streaq", "coredis", "saq"),
)


@dataclass(frozen=True, slots=True)
class Machine:
    """One machine and one Python, as they were when asked."""

    host: str
    cpu: str
    #: Cores this process may use, and the limit of its control group in cores, where there is one.
    cores: Positive
    core_limit: Cores | None
    memory_bytes: Bytes
    kernel: str
    python: str
    #: Whether this build of Python can run without a GIL, and whether it does now.
    free_threaded_build: bool
    gil: bool
    packages: dict[str, str]
    #: The commit of the checkout, "-dirty" where it has changes; None where there is no checkout.
    commit: str | None
    #: Processes waiting to run, averaged over the last minute.
    load: Load


def look() -> Machine:
    """Describe this machine as it is now."""
    return Machine(
        host=platform.node(),
        cpu=_cpu(),
        cores=cores(),
        core_limit=_core_limit(),
        memory_bytes=psutil.virtual_memory().total,
        kernel=f"{platform.system()} {platform.release()}",
        python=f"{platform.python_implementation()} {platform.python_version()}",
        free_threaded_build=bool(sysconfig.get_config_var("Py_GIL_DISABLED")),
        gil=gil.is_on(),
        packages=_versions(),
        commit=_commit(),
        load=load(),
    )


def cores() -> int:
    """Count the cores that this process may use."""
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:  # not Linux
        return os.cpu_count() or 1


def load() -> float:
    """Return the number of processes waiting to run, averaged over the last minute."""
    return os.getloadavg()[0]


def _cpu() -> str:
    try:
        for line in Path("/proc/cpuinfo").read_text(errors="replace").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    except OSError:
        pass
    return platform.processor() or platform.machine()


def _core_limit() -> float | None:
    try:
        quota, period = Path("/sys/fs/cgroup/cpu.max").read_text().split()
    except (OSError, ValueError):
        return None
    return None if quota == "max" else int(quota) / int(period)


def _versions() -> dict[str, str]:
    versions = {}
    for package in PACKAGES:
        try:
            versions[package] = metadata.version(package)
        except metadata.PackageNotFoundError:
            continue
    return versions


def _commit() -> str | None:
    if not (PROJECT / ".git").exists():
        return None
    try:
        commit = _git("rev-parse", "--short", "HEAD")
        return f"{commit}-dirty" if _git("status", "--porcelain") else commit
    except (OSError, subprocess.SubprocessError):
        return None


def _git(*arguments: str) -> str:
    return subprocess.run(
        ["git", "-C", str(PROJECT), *arguments],
        capture_output=True,
        text=True,
        errors="replace",
        check=True,
        timeout=5,
    ).stdout.strip()
