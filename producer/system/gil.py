"""Whether a Python has a GIL, asked at run time: before some imports, after them, and who turned it on.

A free-threaded build starts without a GIL, and turns it on for good when it imports an extension that
does not declare that it can live without one. This module is run by the Python in question, in a
process of its own: `python -m producer.system.gil MODULE...`. It imports nothing that is not standard.
"""

from __future__ import annotations

import contextlib
import importlib
import json
import platform
import re
import sys
import sysconfig
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from importlib import metadata
from typing import Any

#: The packages whose versions are told, where they are installed.
PACKAGES = ("celery", "kombu", "redis")
#: As CPython words it when an extension turns the GIL on.
_TURNED_ON = re.compile(r"The global interpreter lock \(GIL\) has been enabled to load module '([^']+)'")


@dataclass(frozen=True, slots=True)
class Gil:
    """Whether there was a GIL before some imports and after them."""

    before: bool
    after: bool
    #: The module that turned it on, where one did.
    turned_on_by: str | None = None


def is_on() -> bool:
    """Tell whether this process has a GIL now."""
    enabled: bool = getattr(sys, "_is_gil_enabled", lambda: True)()
    return enabled


def around(modules: Sequence[str]) -> Gil:
    """Import the modules, and tell what that does to the GIL.

    Raises:
        ImportError: there is no such module.
    """
    before, culprit = is_on(), None
    for name in modules:
        was_on = is_on()
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            importlib.import_module(name)
        if is_on() and not was_on:
            words = (_TURNED_ON.search(str(warning.message)) for warning in caught)
            culprit = next((match[1] for match in words if match), name)
    return Gil(before, is_on(), culprit)


def description(modules: Sequence[str]) -> dict[str, Any]:
    """Describe this Python, its GIL and its Celery, in plain JSON types."""
    return {
        "python": f"{platform.python_implementation()} {platform.python_version()}",
        "version": list(sys.version_info[:2]),
        "free_threaded_build": bool(sysconfig.get_config_var("Py_GIL_DISABLED")),
        "gil": asdict(around(modules)),
        "packages": dict(_versions()),
    }


def _versions() -> Iterator[tuple[str, str]]:
    for name in PACKAGES:
        with contextlib.suppress(metadata.PackageNotFoundError):
            yield name, metadata.version(name)


if __name__ == "__main__":
    sys.stdout.write(json.dumps(description(sys.argv[1:])))
