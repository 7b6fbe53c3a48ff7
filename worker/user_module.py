"""Imports a module of a user's, and says in one line why it cannot be imported."""

from __future__ import annotations

import importlib
import os
import signal
import sys
import traceback
from pathlib import Path
from types import ModuleType

from worker.errors import TargetError
from worker.records import error_line

#: The packages of the lab's at the top level, which are loaded before anything of a user's is.
OURS = ("worker", "producer")
#: The variable that names the settings of a project of Django's.
DJANGO = "DJANGO_SETTINGS_MODULE"


def set_django_up() -> None:
    """Set Django up where its settings are named, as Celery does for its workers: else no model imports.

    Raises:
        TargetError: it cannot be set up; the text says why.
    """
    if not (settings := os.environ.get(DJANGO)):
        return
    try:
        importlib.import_module("django").setup()
    except (KeyboardInterrupt, GeneratorExit):
        raise
    except BaseException as error:  # whatever the settings do
        if isinstance(error, ModuleNotFoundError) and error.name == "django":
            return  # the settings are for another project's Python
        raise TargetError(
            f"Django cannot be set up with {settings} ({DJANGO}): {error_line(error)}"
        ) from error


def import_module(name: str, option: str, app_dir: str) -> ModuleType:
    """Import a module that the option names.

    Raises:
        TargetError: there is none, or it cannot be imported; the text says where, and why.
    """
    process, argv = os.getpid(), sys.argv
    sys.argv = argv[:1]  # the others are for the lab's own program
    try:
        return importlib.import_module(name)
    except (KeyboardInterrupt, GeneratorExit):
        raise
    except ModuleNotFoundError as error:
        if error.name and f"{name}.".startswith(f"{error.name}."):
            raise TargetError(
                f"there is no module {error.name} ({option} {name}): it was looked for in {app_dir}, then "
                f"where {sys.executable} has its packages; --app-dir names another directory, --python "
                "another Python"
            ) from None
        raise _failed(name, option, app_dir, error) from error
    except BaseException as error:  # also a module that exits
        raise _failed(name, option, app_dir, error) from error
    finally:
        sys.argv = argv
        if os.getpid() != process:  # the module has forked: two would do the same jobs
            signal.raise_signal(signal.SIGKILL)


def hidden_by(module: ModuleType, name: str, app_dir: str) -> Path | None:
    """Find the user's module of that name where this is another one, which was loaded before."""
    place = Path(app_dir, *name.split("."))
    theirs = next((path for path in (place.with_suffix(".py"), place / "__init__.py") if path.exists()), None)
    ours = getattr(module, "__file__", None)
    return theirs if theirs and not (ours and theirs.samefile(ours)) else None


def _failed(name: str, option: str, app_dir: str, error: BaseException) -> TargetError:
    what = "it exits" if isinstance(error, SystemExit) else error_line(error)
    where = ""
    for frame, line in traceback.walk_tb(error.__traceback__):
        module = frame.f_globals.get("__name__", "")
        if module != __name__ and not module.startswith("importlib"):
            where = f" ({module}:{line})"
    if isinstance(error, ImportError) and (theirs := _shadowed(error, app_dir)):
        where += f"; {theirs} has the name of a package of simul's, and cannot be imported beside it"
    if type(error).__module__.startswith("django.") and not os.environ.get(DJANGO):
        where += f"; Django is set up before the import where {DJANGO} is set"
    return TargetError(f"{name} cannot be imported ({option}): {what}{where}")


def _shadowed(error: ImportError, app_dir: str) -> str | None:
    """Find the module of the user's that the lab's own package of that name hides."""
    ours = (error.name or "").partition(".")[0]
    paths = (Path(app_dir, f"{ours}{end}") for end in (".py", "/__init__.py"))
    return next((str(path) for path in paths if path.exists()), None) if ours in OURS else None
