"""Types that the modules share: the parts of a task, a waiter for coroutines, a thread of the pool."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from enum import Enum
from typing import Any, Protocol


class Part(Enum):
    """When Celery calls a part of a task: before its body, as its body, or after it."""

    BEFORE = "before"
    BODY = "body"
    AFTER = "after"


#: The hooks of Celery's tasks, as their class may define them.
HOOKS = {
    "before_start": Part.BEFORE,
    "on_success": Part.AFTER,
    "on_retry": Part.AFTER,
    "on_failure": Part.AFTER,
    "after_return": Part.AFTER,
}


class Waiter(Protocol):
    """Calls a task's parts as Celery does, synchronously, and can have a coroutine run meanwhile."""

    def wait_for(self, coroutine: Coroutine[Any, Any, Any], part: Part) -> Any:
        """Have `coroutine` run to its end, and return its value or raise its exception."""


class Thread(Protocol):
    """A thread that makes the calls it is given; `resume` takes those that resume a tracer."""

    def call(self, call: Callable[[], object]) -> None: ...

    def resume(self, call: Callable[[], object]) -> None: ...

    def is_alive(self) -> bool: ...
