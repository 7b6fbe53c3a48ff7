"""Finds the function of a user's that this process may call: the one target it was started for.

It is named as `shop.tasks:send_mail` and found as Python finds it, in the user's directory first. What is
called is a plain function, an `async def`, or what a Celery task runs: never its broker. The name travels by
the environment, so that children of every kind (spawned, forked, subinterpreters) have the same target. This
module imports nothing but the standard library.
"""

from __future__ import annotations

import contextlib
import difflib
import functools
import importlib
import inspect
import json
import os
import re
import signal
import sys
import traceback
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from worker.errors import TargetError

_FORM = re.compile(r"[^\W\d]\w*(\.[^\W\d]\w*)*:[^\W\d]\w*(\.[^\W\d]\w*)*")
#: The packages of the lab's at the top level, which are loaded before anything of a user's is.
OURS = ("worker", "producer")


@dataclass(frozen=True, slots=True)
class Target:
    """What may be called, and where it is found."""

    #: "shop.tasks:send_mail".
    name: str
    #: Its twin for event loops, likewise; empty where there is none.
    async_name: str = ""
    #: Where its modules are looked for first, and what is its current directory; absolute paths.
    app_dir: str = ""
    directory: str = ""
    #: Variables that Celery would read, so that the lab's own processes do without, and the function may not.
    variables: Mapping[str, str] | None = None

    def __post_init__(self) -> None:
        for option, name in (("--job", self.name), ("--async-job", self.async_name or self.name)):
            if not _FORM.fullmatch(name):
                raise TargetError(
                    f"{name!r} names no function ({option}): write MODULE:FUNCTION, such as "
                    "shop.tasks:send_mail"
                )
            if name.partition(".")[0].partition(":")[0] in OURS:
                raise TargetError(
                    f"{name!r} cannot be imported beside simul ({option}), whose own packages are called "
                    f"{' and '.join(OURS)}: move the function into a module of another name"
                )

    @classmethod
    def read(cls, environ: Mapping[str, str] = os.environ) -> Target | None:
        """Read the target that `environ` names; None where it names none.

        Raises:
            TargetError: what it names can be no function.
        """
        if not (name := environ.get("SIMUL_JOB")):
            return None
        directory = environ.get("SIMUL_JOB_DIRECTORY") or str(Path.cwd())
        return cls(
            name,
            environ.get("SIMUL_ASYNC_JOB") or "",
            str(Path(directory, environ.get("SIMUL_APP_DIR") or "")),
            directory,
            json.loads(environ.get("SIMUL_JOB_VARIABLES") or "{}"),
        )

    def environment(self) -> dict[str, str]:
        """Write it as the variables that `read` reads."""
        return {
            "SIMUL_JOB": self.name,
            "SIMUL_ASYNC_JOB": self.async_name,
            "SIMUL_APP_DIR": self.app_dir,
            "SIMUL_JOB_DIRECTORY": self.directory,
            "SIMUL_JOB_VARIABLES": json.dumps(dict(self.variables or {})),
        }


@dataclass(frozen=True, slots=True)
class Function:
    """The function that a target names, ready to be called."""

    #: The target's name.
    name: str
    #: What is called in a slot that may block; where it is an `async def`, a loop runs it there.
    plain: Callable[..., Any]
    #: What is awaited on an event loop; None where only a thread can do it there.
    on_loop: Callable[..., Any] | None
    #: Whether `plain` is an `async def`.
    is_async: bool
    #: Whether it was found in a Celery task.
    is_task: bool


def load(target: Target) -> Function:
    """Find the function, in the directory and with the variables that it was named for.

    Raises:
        TargetError: there is none, or its module cannot be imported; the text says where and why.
    """
    os.environ.pop("CELERY_CONFIG_MODULE", None)  # that of the lab's own worker, which has read it
    os.environ.update(target.variables or {})
    with contextlib.suppress(OSError):
        os.chdir(target.directory)
    if target.app_dir not in sys.path[:1]:
        sys.path.insert(0, target.app_dir)
    _set_django_up()
    found, is_task = _find(target.name, "--job", target.app_dir)
    is_async = _is_async(found)
    on_loop = found if is_async else None
    if target.async_name:
        on_loop, _ = _find(target.async_name, "--async-job", target.app_dir)
        if not _is_async(on_loop):
            raise TargetError(f"{target.async_name} is no `async def` (--async-job)")
    return Function(target.name, found, on_loop, is_async, is_task)


@functools.cache
def function() -> Function | None:
    """Return the one function that this process may call; None where it was started for none.

    Raises:
        TargetError: it cannot be found.
    """
    target = Target.read()
    return load(target) if target else None


def _find(name: str, option: str, app_dir: str) -> tuple[Callable[..., Any], bool]:
    module_name, _, path = name.partition(":")
    found: Any = _import(module_name, option, app_dir)
    place = module_name
    for part in path.split("."):
        if not hasattr(found, part):
            near = difflib.get_close_matches(part, _callables(found), n=3)
            hint = f": did you mean {' or '.join(near)}?" if near else ""
            if place == module_name and (theirs := _hidden(found, module_name, app_dir)):
                hint = f": {theirs} is hidden by the module of that name that Python has loaded: rename it"
            raise TargetError(f"{place} has nothing called {part!r} ({option} {name}){hint}")
        found, place = getattr(found, part), f"{place}.{part}"
    is_task = _is_task(found)
    if is_task:
        # Where a task is retried, Celery has wrapped its function, and would send the next try to the broker.
        found = getattr(found, "_orig_run", found.run)
    if not callable(found) or inspect.isclass(found):
        raise TargetError(f"{name} is no function, but {_article(found)} ({option})")
    if inspect.isgeneratorfunction(_unwrapped(found)) or inspect.isasyncgenfunction(_unwrapped(found)):
        raise TargetError(
            f"{name} is a generator function ({option}), and a call of it runs nothing of it: name a "
            "function that goes through all that it yields"
        )
    return found, is_task


def _import(name: str, option: str, app_dir: str) -> Any:
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


def _failed(name: str, option: str, app_dir: str, error: BaseException) -> TargetError:
    what = "it exits" if isinstance(error, SystemExit) else f"{type(error).__name__}: {error}"
    where = ""
    for frame, line in traceback.walk_tb(error.__traceback__):
        module = frame.f_globals.get("__name__", "")
        if module != __name__ and not module.startswith("importlib"):
            where = f" ({module}:{line})"
    if isinstance(error, ImportError) and (theirs := _shadowed(error, app_dir)):
        where += f"; {theirs} has the name of a package of simul's, and cannot be imported beside it"
    return TargetError(f"{name} cannot be imported ({option}): {what}{where}")


def _shadowed(error: ImportError, app_dir: str) -> str | None:
    """Find the module of the user's that the lab's own package of that name hides."""
    ours = (error.name or "").partition(".")[0]
    paths = (Path(app_dir, f"{ours}{end}") for end in (".py", "/__init__.py"))
    return next((str(path) for path in paths if path.exists()), None) if ours in OURS else None


def _hidden(module: Any, name: str, app_dir: str) -> Path | None:
    """Find the user's module of that name where this is another one, which was loaded before."""
    place = Path(app_dir, *name.split("."))
    theirs = next((path for path in (place.with_suffix(".py"), place / "__init__.py") if path.exists()), None)
    ours = getattr(module, "__file__", None)
    return theirs if theirs and not (ours and theirs.samefile(ours)) else None


def _set_django_up() -> None:
    # As Celery does for its own workers: else no model can be imported.
    if os.environ.get("DJANGO_SETTINGS_MODULE"):
        with contextlib.suppress(ModuleNotFoundError):
            importlib.import_module("django").setup()


def _is_task(found: Any) -> bool:
    if "celery" not in sys.modules:  # who defines a task has loaded it
        return False
    try:
        task: type = importlib.import_module("celery.app.task").Task
    except ImportError:  # a module of the user's is called celery
        return False
    return isinstance(found, task) and not inspect.isclass(found)


def _unwrapped(found: Any) -> Any:
    while isinstance(found, functools.partial):
        found = found.func
    return found


def _is_async(found: Any) -> bool:
    found = _unwrapped(found)
    return inspect.iscoroutinefunction(found) or inspect.iscoroutinefunction(getattr(found, "__call__", None))  # noqa: B004


def _callables(where: Any) -> Iterator[str]:
    return (name for name in dir(where) if callable(getattr(where, name, None)))


def _article(found: Any) -> str:
    kind = "class" if inspect.isclass(found) else type(found).__name__
    return f"{'an' if kind[:1].lower() in 'aeiou' else 'a'} {kind}"


if __name__ == "__main__":  # whoever starts this reads from the last line why there is none
    function()
