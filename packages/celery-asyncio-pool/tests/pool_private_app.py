"""Celery apps for tests that need no broker."""

from __future__ import annotations

from typing import Any

from celery import Celery


class PrivateApp(Celery):  # type: ignore[misc]  # Celery ships no types
    """An app that keeps its tasks to itself: Celery would register them in every other test's app as well."""

    def __init__(self, name: str) -> None:
        super().__init__(name, broker="memory://", backend="cache+memory://", set_as_current=False)

    def task(self, *args: Any, **options: Any) -> Any:
        return super().task(*args, **{**options, "shared": False})
