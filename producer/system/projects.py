"""Looks into the virtual environment of a user's own project, by asking its Python. Writes nothing there."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from producer.system import installed
from producer.system.inherited import inherited
from worker.errors import UnavailableError

#: How long a Python may take to say what is installed for it, in seconds.
ANSWER_S = 60
#: What virtual environments are called that are named after nothing: there the directory around them is.
NAMES_OF_NOTHING = ("venv", "env", "virtualenv")
#: The longest name of a project in a label, in characters.
MAX_NAME = 24
#: The most characters of what a Python says that are quoted.
MAX_QUOTED = 300
#: The versions that a requirement can name: of a build of one's own they may be anything.
_VERSION = re.compile(r"[0-9][A-Za-z0-9.!+_-]*")


@dataclass(frozen=True, slots=True)
class Project:
    """A virtual environment of a user's project, and what is installed in it."""

    #: Its directory.
    prefix: Path
    #: Where its Python looks for installed packages, in that order.
    directories: tuple[str, ...]
    #: The version and the origin of each package by its normalised name; from an index, it has no origin.
    packages: Mapping[str, tuple[str, str | None]]
    #: All that an environment depends on that is to go with it.
    key: str

    @property
    def name(self) -> str:
        """What tables call it: the name of the environment, or of the directory around a mere ".venv"."""
        name = self.prefix.name.removeprefix(".")
        if name in NAMES_OF_NOTHING:
            name = self.prefix.parent.name
        return re.sub(r"[^\w.+-]+", "-", name)[:MAX_NAME].strip("-") or "project"

    def has(self, package: str) -> bool:
        """Tell whether a package is installed in it."""
        return normalised(package) in self.packages

    def pins(self) -> list[str]:
        """List what is installed from an index, as requirements."""
        return [
            f"{name}=={version}"
            for name, (version, origin) in sorted(self.packages.items())
            if origin is None and _VERSION.fullmatch(version)
        ]


def normalised(package: str) -> str:
    """Write the name of a package in the one way in which names are compared."""
    return re.sub(r"[-_.]+", "-", package).lower()


def look_into(path: Path) -> Project | None:
    """Describe the virtual environment whose Python this is; None where it is the Python of no such.

    Raises:
        UnavailableError: there is no Python at that path; the text says what there is.
    """
    try:
        is_there, is_directory = path.exists(), path.is_dir()
    except OSError as error:
        raise UnavailableError(f"{path} cannot be looked at (--python): {error.strerror}") from None
    if is_directory:
        below = path / "bin" / "python"
        which = below if below.exists() else "by its path"
        raise UnavailableError(f"{path} is a directory (--python): name the Python in it, {which}")
    if not is_there:
        raise UnavailableError(
            f"there is no file {path} (--python): name a Python by its path, or by its version, such as 3.13"
        )
    about = _ask(path)
    if not about["is_virtual"]:
        return None
    return Project(
        prefix=Path(about["prefix"]),
        directories=tuple(about["directories"]),
        packages={name: (version, origin) for name, (version, origin) in about["packages"].items()},
        key=json.dumps(about, sort_keys=True),
    )


def _ask(python: Path) -> dict[str, Any]:
    try:
        done = subprocess.run(
            [python, "-B", installed.__file__],
            capture_output=True,
            stdin=subprocess.DEVNULL,
            check=False,
            timeout=ANSWER_S,
            env=inherited(),
        )
        about: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    except OSError as error:
        raise UnavailableError(f"{python} cannot be started (--python): {error.strerror}") from None
    except subprocess.TimeoutExpired:
        raise UnavailableError(
            f"{python} did not say within {ANSWER_S} s what is installed (--python)"
        ) from None
    except (IndexError, ValueError):
        words = done.stderr.decode(errors="replace").strip().splitlines()
        why = words[-1][:MAX_QUOTED] if words else f"its exit code is {done.returncode}"
        raise UnavailableError(f"{python} did not answer as a Python does (--python): {why}") from None
    return about
