"""Starts a worker by Celery's own `worker` command, without the program `celery` around it.

That program imports all its other commands, a prompt toolkit for one of them, and what other packages add to
it, such as Flower. A worker uses none of this, and it takes half of the time until a worker is ready. Where
the command line or the environment asks for more than the `worker` command, the whole program is run.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import os
import sys
from collections.abc import Iterator, Mapping, Sequence

import celery  # of itself, this imports nothing: see worker.__main__

#: The command lines that are carried out here begin with one of these.
BEGINNINGS = (("-A", "worker", "worker"), ("-q", "-A", "worker", "worker"))
#: Where the program reads options of its own from, beside CELERY_ and the name of the option.
OPTIONS = ("BROKER_URL", "RESULT_BACKEND", "LOADER", "CONFIG_MODULE", "SKIP_CHECKS")
#: Those that begin with CELERY_ and are no options of the program's.
NO_OPTIONS = ("CELERY_CONFIG_MODULE", "CELERY_CUSTOM_WORKER_POOL", "CELERY_WORKER_", "CELERY_AIO_")


def main() -> None:
    """Carry out Celery's command line `sys.argv`."""
    options = worker_options(sys.argv[1:], os.environ)
    if options is None:
        from celery.__main__ import main as run_program

        run_program()
    else:
        _run_worker(options)


def worker_options(arguments: Sequence[str], environ: Mapping[str, str]) -> list[str] | None:
    """Return the options of the `worker` command; None where the whole program is asked for something."""
    if any(_asks_program(name, value) for name, value in environ.items()):
        return None
    for beginning in BEGINNINGS:
        if tuple(arguments[: len(beginning)]) == beginning:
            return list(arguments[len(beginning) :])
    return None


def _asks_program(name: str, value: str) -> bool:
    if name == "NO_COLOR":
        return value not in ("", "1")  # whatever else it says, the program knows how to read it
    if name.startswith("CELERY_"):
        return bool(value) and not name.startswith(NO_OPTIONS)
    return bool(value) and name in OPTIONS


def _run_worker(options: list[str]) -> None:
    gc.disable()  # nothing that is imported is garbage, and to look for some takes time
    celery.maybe_patch_concurrency()
    # With it, Celery makes a lexer of Python, to colour what a worker never prints.
    with _without("pygments"):
        from celery.bin.base import CLIContext
        from celery.bin.worker import worker as command

    from worker import celery as app

    for module in ("celery.apps.worker", "worker.consumer", "worker.tasks"):
        importlib.import_module(module)  # as the command would, in a moment
    gc.enable()
    no_color, quiet = bool(os.environ.get("NO_COLOR")), sys.argv[1] == "-q"
    context = CLIContext(app, no_color=no_color, workdir=None, quiet=quiet)
    command.main(options, prog_name="celery worker", obj=context, auto_envvar_prefix="CELERY_WORKER")


@contextlib.contextmanager
def _without(package: str) -> Iterator[None]:
    """Have every import of a package fail during this context, as where it is not installed."""
    if package in sys.modules:
        yield
        return
    sys.modules[package] = None  # type: ignore[assignment]  # what Python documents for this
    try:
        yield
    finally:
        del sys.modules[package]
