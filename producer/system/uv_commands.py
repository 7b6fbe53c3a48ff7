"""Runs uv, and says in its own words what went wrong."""

from __future__ import annotations

import re
import shutil
import subprocess
from importlib import metadata
from pathlib import Path

from producer.system.inherited import inherited
from worker.errors import UnavailableError

#: As uv words it.
_NO_BUILD = re.compile(r"([\w.-]+)==(\S+) has no (?:usable )?wheels")


def run_uv(*arguments: str, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    """Run a command of uv's to its end. It obeys what a pyproject.toml says in or above `cwd`.

    Raises:
        UnavailableError: there is no uv.
    """
    uv = shutil.which("uv")
    if uv is None:
        raise UnavailableError("uv is not on the PATH (--python): install it, or leave --python out")
    # It writes UTF-8 whatever the locale.
    return subprocess.run(
        [uv, *arguments],
        capture_output=True,
        encoding="utf-8",
        errors="replace",
        check=False,
        env=inherited(),
        cwd=cwd,
    )


def why_missing(name: str, stderr: str) -> str:
    """Say why a package is not in an environment, from what uv has written."""
    if match := _NO_BUILD.search(" ".join(stderr.split())):
        what = f"{match[1]} {match[2]}"
        if match[1] == name:
            return f"{what} has no build for this Python"
        return f"{name} {version_here(name)} needs {what}, which has no build for this Python"
    return f"{name} {version_here(name)} cannot be installed (uv): {reason_in(stderr)}"


def reason_in(stderr: str) -> str:
    """Find the reason in what uv has written."""
    lines = [line.strip() for line in stderr.splitlines() if line.strip()]
    return " ".join(lines[:3]).removeprefix("error: ") or "uv said nothing"


def version_here(name: str) -> str:
    """Look up the version of a package in the lab's own environment; empty where it is not there."""
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return ""
