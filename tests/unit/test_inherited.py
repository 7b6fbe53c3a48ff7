"""What the lab's processes inherit: nothing by which Celery would do something else, and no password."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import billiard
import celery
import kombu
import pytest

from producer.system.inherited import NAMES, inherited

#: Read in the sources, and no matter: how things look, other systems, other brokers, Celery's own tests.
HARMLESS = {
    *("ITERM_PROFILE", "NO_COLOR", "NUMBER_OF_PROCESSORS", "TERM"),
    *("PUBSUB_EMULATOR_HOST", "SLMQ_ACCOUNT", "SLMQ_HOST", "SLMQ_PORT", "SLMQ_SECURE"),
    *("SL_API_KEY", "SL_USERNAME", "NO_WORKER", "TEST_BROKER", "WORKER_LOGLEVEL"),
}
#: Calls and containers by which a variable is read.
READERS = ("environ.get", "environ.pop", "environ.setdefault", "getenv")


def variables(tree: ast.AST) -> Iterator[str]:
    """The names of the variables that a module reads, as far as it names them itself."""
    for node in ast.walk(tree):
        variable: ast.expr | None = None
        if isinstance(node, ast.Call) and ast.unparse(node.func).endswith(READERS) and node.args:
            variable = node.args[0]
        elif isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Load) and _is_environ(node.value):
            variable = node.slice
        elif isinstance(node, ast.Compare) and any(map(_is_environ, node.comparators)):
            variable = node.left
        elif isinstance(node, ast.keyword) and node.arg == "envvar":  # an option of the `celery` command
            variable = node.value
        if isinstance(variable, ast.Constant) and isinstance(variable.value, str):
            yield variable.value


def _is_environ(node: ast.expr) -> bool:
    return ast.unparse(node).endswith("environ")


@pytest.mark.parametrize("package", [celery, kombu, billiard])
def test_every_variable_that_celery_reads_is_known(package: object) -> None:
    top = Path(package.__file__).parent  # type: ignore[attr-defined]
    read = {name for path in top.rglob("*.py") for name in variables(ast.parse(path.read_text("utf-8")))}
    assert read, "these packages read some"
    assert inherited(dict.fromkeys(read - HARMLESS, "x")) == {}


def test_the_names_come_from_the_sources() -> None:
    # But for what is ours, what billiard reads by a constant, and what it hands its own children.
    tops = [Path(package.__file__).parent for package in (celery, kombu, billiard)]
    sources = [path.read_text("utf-8") for top in tops for path in top.rglob("*.py")]
    assert [name for name in sorted(NAMES) if not any(name in source for source in sources)] == [
        "SIMUL_BROKER_URL"
    ]


def test_all_else_is_inherited() -> None:
    kept = {
        "PATH": "/bin",
        "SIMUL_TRANSPORT": "stock",
        "CELERY_AIO_UVLOOP": "1",
        "LANG": "C",
        "C_INCLUDE": "x",
    }
    lost = {
        "SIMUL_BROKER_URL": "redis://:secret@host",
        "CELERY_WORKER_DETACH": "1",
        "BROKER_URL": "redis://x",
    }
    assert inherited({**kept, **lost}) == kept
