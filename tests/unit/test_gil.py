"""The GIL is asked about before and after imports, and who turned it on is named."""

from __future__ import annotations

import sys
import types
import warnings

import pytest

from producer.system import gil


def test_an_ordinary_import_changes_nothing() -> None:
    seen = gil.around(["json", "decimal"])
    assert seen == gil.Gil(gil.is_on(), gil.is_on(), None)


def test_what_is_not_there_is_an_error() -> None:
    with pytest.raises(ImportError):
        gil.around(["no_such_module"])


def test_the_extension_that_turned_it_on_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    enabled = False

    def importing(name: str) -> types.ModuleType:
        nonlocal enabled
        if name == "redis":
            enabled = True
            warnings.warn(
                "The global interpreter lock (GIL) has been enabled to load module 'hiredis.hiredis', which "
                "has not declared that it can run safely without the GIL.",
                RuntimeWarning,
                stacklevel=1,
            )
        return types.ModuleType(name)

    monkeypatch.setattr(sys, "_is_gil_enabled", lambda: enabled, raising=False)
    monkeypatch.setattr("importlib.import_module", importing)
    assert gil.around(["celery", "redis", "kombu"]) == gil.Gil(False, True, "hiredis.hiredis")


def test_a_python_describes_itself() -> None:
    about = gil.description(["json"])
    assert about["version"] == list(sys.version_info[:2])
    assert about["gil"]["after"] is gil.is_on()
