"""Has a Python of the lab's making find what is installed in the environment of a user's own project.

A `.pth` file in the lab's environment (see `environments`) calls it whenever that Python starts. It is linked
there by itself, and imports nothing that is not standard.
"""

from __future__ import annotations

import site
import sys
from collections.abc import Sequence
from pathlib import Path


def arrange(directories: Sequence[str]) -> None:
    """Put the lab's own modules first, then what the project has installed, last what it lacks.

    So nothing that was installed for the lab hides another version of the project's. The directories are
    those that the project's Python searches for installed packages; each is treated as that Python does,
    with its `.pth` files: they make editable installs. Nothing is written there, bytecode neither.
    """
    if directories and sys.pycache_prefix is None:
        sys.pycache_prefix = str(Path(sys.prefix, "bytecode"))
    lacking = [path for path in site.getsitepackages([sys.prefix]) if path in sys.path]
    for path in lacking:
        sys.path.remove(path)
    sys.path.append(str(Path(sys.prefix, "lab")))
    for directory in directories:
        site.addsitedir(directory)
    sys.path.extend(lacking)
