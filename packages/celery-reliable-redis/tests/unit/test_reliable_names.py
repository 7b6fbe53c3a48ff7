"""What the package promises to others, and how its modules keep out of each other's affairs."""

from __future__ import annotations

import ast
import importlib
import logging
from collections.abc import Iterator
from pathlib import Path

import pytest

import celery_reliable_redis
from celery_reliable_redis import kombu_versions
from celery_reliable_redis.channel import Channel
from celery_reliable_redis.guarded import GuardedChannel
from transport_lab import HERE

PACKAGE = Path(celery_reliable_redis.__file__).parent
TREES = {path.stem: ast.parse(path.read_text(encoding="utf-8")) for path in sorted(PACKAGE.glob("*.py"))}
PUBLIC = [
    "UNREADABLE",
    "DeadLetter",
    "DeadLetters",
    "NotAllSentError",
    "Seldom",
    "SettingError",
    "Transport",
    "UnsupportedServerError",
    "is_passing",
    "is_refusal",
    "list_delayed",
    "require_supported",
    "reserved_from",
    "revoke_delayed",
    "send_many",
    "stock",
]
#: Private to Celery, kombu or redis-py, who offer no other way to extend them.
THEIRS = {
    *("_callbacks", "_deliver", "_in_poll", "_on_connection_disconnect", "_put", "_q_for_pri", "_raw"),
    *("_decoders", "_init_params", "_initial_params", "_parser", "_ready", "_ready_lock", "_sock"),
    "_to_keys",
}


def test_the_public_names_are_these() -> None:
    assert celery_reliable_redis.__all__ == PUBLIC
    assert all(hasattr(celery_reliable_redis, name) for name in PUBLIC)
    assert issubclass(celery_reliable_redis.stock.Transport, celery_reliable_redis.stock.ClientTransport)


@pytest.mark.parametrize("name", [*PUBLIC, "prompt:Task", "stock:Transport", "stock:ClientTransport"])
def test_the_readme_says_what_each_public_name_is_for(name: str) -> None:
    assert f"{name}`" in (HERE.parent / "README.md").read_text()


def private_names(tree: ast.AST) -> Iterator[str]:
    """The private attributes that a module takes from other objects than `self`, and imports from others."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom):
            yield from (alias.name for alias in node.names if alias.name.startswith("_"))
        elif isinstance(node, ast.Attribute) and ast.unparse(node.value) not in ("self", "super()"):
            yield from [node.attr] if node.attr.startswith("_") and not node.attr.endswith("__") else []


@pytest.mark.parametrize("module", TREES)
def test_no_module_knows_a_private_name_of_another(module: str) -> None:
    assert set(private_names(TREES[module])) <= THEIRS


def test_what_may_be_known_of_others_is_no_more_than_is_used() -> None:
    assert {name for tree in TREES.values() for name in private_names(tree)} == THEIRS


def own_classes() -> Iterator[tuple[type, ast.ClassDef]]:
    """The package's classes and how each is written, but for those that stand in for kombu's own."""
    for module in TREES.keys() - {"__init__", kombu_versions.__name__.rpartition(".")[2]}:
        loaded = importlib.import_module(f"{celery_reliable_redis.__name__}.{module}")
        for node in TREES[module].body:
            if isinstance(node, ast.ClassDef):
                yield getattr(loaded, node.name), node


CLASSES = dict(sorted(own_classes(), key=lambda pair: f"{pair[0].__module__}.{pair[0].__name__}"))


def defined_by(cls: type) -> Iterator[str]:
    """What a class defines: its methods and attributes, and what its `__init__` sets."""
    for node in CLASSES[cls].body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node.name
            if node.name in ("__init__", "__post_init__"):
                yield from (name for name, is_read in attributes_of_self(node) if not is_read)
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            yield from (name.id for name in ast.walk(node) if isinstance(name, ast.Name))


def attributes_of_self(tree: ast.AST) -> Iterator[tuple[str, bool]]:
    """The attributes of `self` and `super()` in a tree, and whether each is read or set."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and ast.unparse(node.value) in ("self", "super()"):
            yield node.attr, isinstance(node.ctx, ast.Load)


def distant_ancestors(cls: type) -> list[type]:
    """The package's classes, in other modules, from which a class inherits in two steps or more."""
    near = {cls, *cls.__bases__}
    return [
        ancestor
        for ancestor in cls.__mro__
        if ancestor in CLASSES and ancestor not in near and ancestor.__module__ != cls.__module__
    ]


@pytest.mark.parametrize("cls", CLASSES, ids=lambda cls: f"{cls.__module__}.{cls.__name__}")
def test_no_class_uses_a_private_name_that_a_distant_ancestor_alone_defines(cls: type) -> None:
    """Whoever changes the ancestor reads its module and those of its subclasses, and no others."""
    near = {name for base in (cls, *cls.__bases__) if base in CLASSES for name in defined_by(base)}
    distant = {name for ancestor in distant_ancestors(cls) for name in defined_by(ancestor)} - near
    used = {name for name, _ in attributes_of_self(CLASSES[cls])}
    assert not {name for name in used & distant if name.startswith("_") and not name.endswith("__")}


def test_base_classes_are_followed_over_several_steps_and_modules() -> None:
    assert GuardedChannel in distant_ancestors(Channel)
    assert {"names", "read", "Message"} <= set(defined_by(GuardedChannel))


@pytest.mark.parametrize("module", TREES)
def test_no_module_sets_an_attribute_of_another_object(module: str) -> None:
    """An argument says the same, and says it where it is read."""
    attributes = [node for node in ast.walk(TREES[module]) if isinstance(node, ast.Attribute)]
    foreign = {
        ast.unparse(node)
        for node in attributes
        if not isinstance(node.ctx, ast.Load) and ast.unparse(node.value) != "self"
    }
    # Celery's, kombu's and redis-py's own: there is no argument for these.
    assert foreign <= {
        *("message.delivery_tag", "message._raw", "poller._on_connection_disconnect"),
        *("connection.__reduce_ex__", "connection.info", "connection.next_health_check", "result.ignored"),
        *("client.alt", "client.cycle", "client.switch", "client.transport_cls"),
    }


@pytest.mark.parametrize(
    ("version", "pushes", "words"),
    [
        ((5, 5, 4), True, "kombu 5.5.4 lets no queue expire"),
        ((5, 6, 2), True, "with prefork"),
        ((5, 6, 2), False, "with hiredis"),
        ((5, 8, 0), True, "not with 5.8.0"),
        ((5, 4, 0), True, "not with 5.4.0"),
    ],
)
def test_another_version_of_kombu_is_warned_of_in_one_line(
    version: tuple[int, ...], pushes: bool, words: str, caplog: pytest.LogCaptureFixture
) -> None:
    kombu_versions.warn_of_version(version, pushes)
    [record] = caplog.records
    assert (record.name, record.levelno) == ("celery_reliable_redis", logging.WARNING)
    assert words in record.getMessage()
    assert "\n" not in record.getMessage()


def test_the_newest_is_not_warned_of(caplog: pytest.LogCaptureFixture) -> None:
    kombu_versions.warn_of_version((5, 7, 3), pushes=False)
    assert not caplog.records
