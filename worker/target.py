"""Finds the function of a user's that this process may call: the one target it was started for.

It is named as `shop.tasks:send_mail` and found as Python finds it, in the user's directory first. What is
called is a plain function, an `async def`, or what a Celery task runs: never its broker. The name travels by
the environment, so that children of every kind (spawned, forked, subinterpreters) have the same target. This
module imports no other packages.
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
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

from worker.errors import TargetError
from worker.user_module import OURS, hidden_by, import_module, set_django_up

_FORM = re.compile(r"[^\W\d]\w*(\.[^\W\d]\w*)*:[^\W\d]\w*(\.[^\W\d]\w*)*")


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
    #: Variables that the function may need. The lab's own processes do without: Celery would read them.
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


def variables(target: Target | None, job_limit_s: float | None) -> dict[str, str]:
    """Make what a process needs in its environment to call this target alone, each call in so many seconds.

    Without a target it names none: what our own environment names is not to be imported then. Without a limit
    it is the environment's.
    """
    limit = {} if job_limit_s is None else {"SIMUL_JOB_LIMIT": str(job_limit_s)}
    return limit | (target.environment() if target else {"SIMUL_JOB": ""})


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
    #: Whether it was found in a Celery task, in a module that holds the task's app.
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
    set_django_up()
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
    found: Any = import_module(module_name, option, app_dir)
    place = module_name
    for part in path.split("."):
        if not hasattr(found, part):
            near = difflib.get_close_matches(part, _callables(found), n=3)
            hint = f": did you mean {' or '.join(near)}?" if near else ""
            if place == module_name and (theirs := hidden_by(found, module_name, app_dir)):
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
    return found, is_task and _holds_app(sys.modules[module_name])


def _is_task(found: Any) -> bool:
    if "celery" not in sys.modules:  # who defines a task has loaded it
        return False
    try:
        task: type = importlib.import_module("celery.app.task").Task
    except ImportError:  # a module of the user's is called celery
        return False
    return isinstance(found, task) and not inspect.isclass(found)


def _holds_app(module: ModuleType) -> bool:
    app: type = importlib.import_module("celery").Celery
    return any(issubclass(type(value), app) for value in vars(module).values())


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
