"""The parts of a task that may be coroutines, and who can wait for one."""

from __future__ import annotations

from collections.abc import Coroutine
from enum import Enum
from typing import Any, Protocol


class Part(Enum):
    """Where in a job's life a part of its task belongs."""

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
    """Whoever calls a task's parts as Celery does, synchronously, and can have a coroutine run meanwhile."""

    def wait_for(self, coroutine: Coroutine[Any, Any, Any], part: Part) -> Any:
        """Have `coroutine` run to its end, and return or raise what it comes to."""
