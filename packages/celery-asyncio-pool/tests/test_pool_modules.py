"""The package's own rules, held by walking its modules' syntax trees."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import celery_asyncio_pool

SOURCE = Path(celery_asyncio_pool.__file__).parent
TREES = {path.stem: ast.parse(path.read_text(encoding="utf-8")) for path in sorted(SOURCE.glob("*.py"))}
#: The names that begin with an underscore, and that Celery, kombu, asyncio and the library have made:
#: the package's README and docs name those of Celery.
FOREIGN_PRIVATE = {
    *("_task_stack", "_pop_ready", "_get_info", "_get_running_loop", "_threads", "_orig_run"),
    *("_cache", "_maybe_set_cache", "_get_current_object"),
}


def imports(name: str) -> Iterator[tuple[str, str]]:
    """The modules of this package from which a module imports, for types alone too, with what it imports."""
    for node in ast.walk(TREES[name]):
        if isinstance(node, ast.ImportFrom) and node.module:
            package, _, module = node.module.partition(".")
            if package == celery_asyncio_pool.__name__:
                yield from ((module, alias.name) for alias in node.names)


def test_all_modules_are_walked() -> None:
    assert {"__init__", "pool", "execution", "limits"} <= TREES.keys()


@pytest.mark.parametrize("name", TREES)
def test_no_module_imports_a_private_name_of_another(name: str) -> None:
    assert not [(module, imported) for module, imported in imports(name) if imported.startswith("_")]


@pytest.mark.parametrize("name", TREES)
def test_no_module_uses_a_private_name_of_another_object(name: str) -> None:
    others = {
        node.attr
        for node in ast.walk(TREES[name])
        if isinstance(node, ast.Attribute)
        and node.attr.startswith("_")
        and not node.attr.startswith("__")
        and not (isinstance(node.value, ast.Name) and node.value.id in {"self", "cls"})
    }
    assert others <= FOREIGN_PRIVATE


@pytest.mark.parametrize("name", TREES)
def test_no_module_sets_an_attribute_of_another_object(name: str) -> None:
    """An argument says the same, and says it where it is read."""
    others = {
        ast.unparse(node)
        for node in ast.walk(TREES[name])
        if isinstance(node, ast.Attribute)
        and not isinstance(node.ctx, ast.Load)
        and ast.unparse(node.value) != "self"
    }
    # Those of functions, and of Celery's and greenlet's objects: there is no argument for these.
    assert others <= {
        *("run.aio_bridge", "waiting_apply.aio_bridge", "call.gr_context", "tracer.gr_context"),
        *(
            "task.__trace__",
            "task_class.apply",
            "type(task).__call__",
            "backend.__class__",
            "_this_thread.sends",
            "worker_state.should_stop",
        ),
    }


def test_no_class_inherits_over_two_steps_within_the_package() -> None:
    """So that no private name is used far from where it is defined: from the next class at the most."""
    nodes = [node for tree in TREES.values() for node in ast.walk(tree) if isinstance(node, ast.ClassDef)]
    bases = {node.name: {ast.unparse(base) for base in node.bases} for node in nodes}
    assert bases["Execution"] == {"Limited"}
    inherited = bases.keys() & set().union(*bases.values())
    assert [name for name in inherited if bases[name] & bases.keys()] == []


def test_no_modules_import_each_other_in_a_circle_not_even_for_types() -> None:
    above = {name: {module for module, _ in imports(name)} for name in TREES}
    while above:
        free = [name for name, needs in above.items() if not needs & above.keys()]
        assert free, f"a circle among {sorted(above)}"
        for name in free:
            del above[name]


@pytest.mark.parametrize("name", TREES)
def test_modules_are_short_enough_to_be_read(name: str) -> None:
    assert len((SOURCE / f"{name}.py").read_text(encoding="utf-8").splitlines()) < 220


@pytest.mark.parametrize("name", TREES)
def test_everything_public_says_what_it_is_for(name: str) -> None:
    undocumented = [
        node.name
        for node in public_definitions(TREES[name])
        if not ast.get_docstring(node) and not is_given_by_a_base(node)
    ]
    assert ast.get_docstring(TREES[name])
    assert undocumented == []


def public_definitions(
    tree: ast.AST,
) -> Iterator[ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef]:
    """Classes and functions whose names do not begin with an underscore, outside of functions."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            if not node.name.startswith("_"):
                yield node
            if isinstance(node, ast.ClassDef):
                yield from public_definitions(node)
        elif isinstance(node, ast.If):
            yield from public_definitions(node)


def is_given_by_a_base(node: ast.AST) -> bool:
    """Whether a method is one of those that Celery's pools, coroutines or threads have."""
    known = {"on_start", "on_close", "on_terminate", "register_with_event_loop", "grow", "shrink"}
    known |= {"send", "throw", "close", "start", "call", "resume", "is_alive"}
    return getattr(node, "name", "") in known
