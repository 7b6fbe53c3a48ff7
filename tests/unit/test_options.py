"""Every option of every command has an environment variable, and its help shows it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, get_args

import pytest
import typer.main
from typer.testing import CliRunner

from producer.cli import EXIT_CODES, app, lesson_options
from producer.cli import options as shared_options
from producer.system import interrupts
from producer.workloads import WORKLOADS

#: Typer's own, and about the shell, not about simul.
OF_TYPER = {"--install-completion", "--show-completion", "--help"}


def commands(command: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Every command of the tree with the words that reach it."""
    yield path, command
    for name, below in getattr(command, "commands", {}).items():
        yield from commands(below, (*path, name))


COMMANDS = dict(commands(typer.main.get_command(app)))
PATHS = list(COMMANDS)


def options(path: tuple[str, ...]) -> list[Any]:
    """The options of a command that are simul's."""
    return [
        parameter
        for parameter in COMMANDS[path].params
        if parameter.param_type_name == "option" and not OF_TYPER & set(parameter.opts)
    ]


def help_of(path: tuple[str, ...]) -> str:
    """A command's help on one line, without frames and styles."""
    result = CliRunner().invoke(
        app, [*path, "--help"], env={"COLUMNS": "200", "TERM": "dumb", "NO_COLOR": "1"}
    )
    assert result.exit_code == 0
    return re.sub(r"[\s│]+", " ", result.output)


def test_all_the_commands_are_there() -> None:
    words = {" ".join(path) for path in PATHS}
    assert words == {
        *("", "compare", "show", "send", "worker", "judit", "machine", "data", "data make", "data check"),
        *("sweep", "diff", "report", "check", "live", "load", "queues", "lesson", "class"),
    }


@pytest.mark.parametrize("path", PATHS, ids=" ".join)
def test_every_option_has_an_environment_variable_and_help_that_shows_it(path: tuple[str, ...]) -> None:
    shown = help_of(path)
    for option in options(path):
        assert re.fullmatch(r"SIMUL_[A-Z_]+", option.envvar or ""), option.opts
        assert f"[env var: {option.envvar}]" in shown
        assert option.help


@pytest.mark.parametrize("path", PATHS, ids=" ".join)
def test_no_two_options_of_a_command_share_a_variable(path: tuple[str, ...]) -> None:
    names = [option.envvar for option in options(path)]
    assert len(names) == len(set(names))


@pytest.mark.parametrize("path", PATHS, ids=" ".join)
def test_every_command_says_in_a_sentence_what_it_does(path: tuple[str, ...]) -> None:
    assert re.search(r"\w.*[.?]", COMMANDS[path].help or "")


def test_a_variable_means_the_same_in_every_command() -> None:
    meanings: dict[str, set[str]] = {}
    for path in PATHS:
        for option in options(path):
            meanings.setdefault(option.envvar, set()).add(option.opts[0])
    # Who needs no embedded broker says so.
    told_twice = {name for name, told in meanings.items() if len(told) > 1}
    assert told_twice <= {"SIMUL_BROKER_URL"}


@pytest.mark.parametrize("path", [("send",), ("worker",)], ids=" ".join)
def test_commands_that_use_no_embedded_broker_promise_none(path: tuple[str, ...]) -> None:
    assert "embedded" not in help_of(path)


def test_every_exit_code_is_in_the_help() -> None:
    shown = help_of(()).partition("Exit codes: ")[2]
    for code in {0, 1, interrupts.EXIT_CODE, *EXIT_CODES.values()}:
        assert re.search(rf"\b{code} \w", shown), code


@pytest.mark.parametrize("option", [shared_options.Workloads, lesson_options.Workloads])
def test_the_help_names_every_workload(option: object) -> None:
    (_, argument) = get_args(option)
    assert f": {', '.join(WORKLOADS)}" in argument.help
