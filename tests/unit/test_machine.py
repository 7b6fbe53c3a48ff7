"""A result says what machine its numbers come from."""

from __future__ import annotations

import os
import platform
from pathlib import Path

import msgspec
import pytest

from producer.system import machine


def test_this_machine_is_described() -> None:
    seen = machine.look()
    assert seen.host == platform.node()
    assert 1 <= seen.cores <= (os.cpu_count() or 1)
    assert seen.core_limit is None or seen.core_limit > 0
    assert seen.memory_bytes > 2**26
    assert seen.cpu
    assert seen.python == f"{platform.python_implementation()} {platform.python_version()}"
    assert isinstance(seen.gil, bool)
    assert {"celery", "kombu", "redis", "chess"} <= seen.packages.keys() <= set(machine.PACKAGES)
    assert seen.load >= 0


def test_the_description_survives_a_file() -> None:
    seen = machine.look()
    assert msgspec.json.decode(msgspec.json.encode(seen), type=machine.Machine) == seen


@pytest.mark.parametrize(
    ("content", "limit"), [("150000 100000\n", 1.5), ("max 100000\n", None), ("", None), ("nonsense", None)]
)
def test_the_control_groups_limit_is_in_cores(
    monkeypatch: pytest.MonkeyPatch, content: str, limit: float | None
) -> None:
    monkeypatch.setattr(Path, "read_text", lambda _: content)
    assert machine._core_limit() == limit


def test_a_machine_without_control_groups_has_no_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(_: Path, **_options: object) -> str:
        raise FileNotFoundError

    monkeypatch.setattr(Path, "read_text", missing)
    assert machine._core_limit() is None
    assert machine._cpu()


def test_without_a_checkout_or_git_there_is_no_commit(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(machine, "PROJECT", tmp_path)
    assert machine._commit() is None
    (tmp_path / ".git").mkdir()
    assert machine._commit() is None  # git says that this is no repository
    monkeypatch.setenv("PATH", str(tmp_path))
    assert machine._commit() is None
