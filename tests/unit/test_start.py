"""Which command lines are a worker's alone, and which the whole of Celery's program is run for."""

from __future__ import annotations

import os

import pytest

from worker import ready
from worker.start import worker_options

ARGUMENTS = ("-A", "worker", "worker", "--pool=solo", "-l", "INFO")
OPTIONS = ["--pool=solo", "-l", "INFO"]


def test_the_options_of_a_worker_are_what_follows_the_command() -> None:
    assert worker_options(ARGUMENTS, {}) == OPTIONS
    assert worker_options(("-q", *ARGUMENTS), {}) == OPTIONS
    assert worker_options(("-A", "worker", "worker"), {}) == []


@pytest.mark.parametrize(
    "arguments",
    [
        (),
        ("--help",),
        ("-A", "worker", "inspect", "ping"),
        ("-A", "worker", "--workdir", "/", "worker"),
        ("-A", "other", "worker"),
        ("worker", "-A", "worker"),
    ],
)
def test_all_other_command_lines_are_for_the_program(arguments: tuple[str, ...]) -> None:
    assert worker_options(arguments, {}) is None


@pytest.mark.parametrize(
    "environ",
    [
        {"CELERY_WORKDIR": "/"},
        {"CELERY_BROKER_URL": "redis://elsewhere"},
        {"CONFIG_MODULE": "elsewhere"},
        {"NO_COLOR": "0"},
    ],
)
def test_what_the_environment_says_to_the_program_is_for_the_program(environ: dict[str, str]) -> None:
    assert worker_options(ARGUMENTS, environ) is None


def test_what_the_environment_says_to_the_command_or_to_nobody_changes_nothing() -> None:
    environ = {
        **{"CELERY_CONFIG_MODULE": "none", "CELERY_CUSTOM_WORKER_POOL": "a:Pool", "CELERY_AIO_UVLOOP": "1"},
        **{"CELERY_WORKER_PREFETCH_MULTIPLIER": "2", "CELERY_WORKDIR": "", "NO_COLOR": "1", "APP": "other"},
    }
    assert worker_options(ARGUMENTS, environ) == OPTIONS


def test_a_worker_tells_of_it_once_and_keeps_no_pipe(monkeypatch: pytest.MonkeyPatch) -> None:
    told, telling = os.pipe()
    monkeypatch.setattr(ready, "_fd", str(telling))
    ready.tell()
    ready.tell()
    with os.fdopen(told, "rb") as pipe:
        assert pipe.read() == b"ready\n"  # up to its end: nobody else has it


def test_a_worker_that_nobody_waits_for_is_none_the_worse(monkeypatch: pytest.MonkeyPatch) -> None:
    told, telling = os.pipe()
    os.close(told)
    monkeypatch.setattr(ready, "_fd", str(telling))
    ready.tell()
