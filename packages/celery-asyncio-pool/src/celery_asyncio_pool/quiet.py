"""Result backends in the threads that only send.

Celery's backend for Redis subscribes to the result of each task that it sends, and to each of a chord's
header, and reads what comes when somebody calls `get()` in that thread. In these nobody does: it would
pile up.
"""

from __future__ import annotations

import threading
from typing import Any

from celery.backends.rpc import RPCBackend

_this_thread = threading.local()


def mark_sender() -> None:
    """Say that the calling thread only sends."""
    _this_thread.sends = True


def hush(backend: Any) -> None:
    """Have `backend` subscribe to nothing in threads that only send; elsewhere it goes on as it was."""
    # Not rpc://, which declares the queue of its replies in the same places.
    if backend.is_async and not isinstance(backend, (RPCBackend, Quiet)):
        backend.__class__ = _make_quiet(type(backend))


class Quiet:
    """What such a backend does otherwise; mixed in before its class."""

    def on_task_call(self, producer: Any, task_id: str) -> Any:
        """Called for each task that is sent."""
        return None if _sends() else super().on_task_call(producer, task_id)  # type: ignore[misc]

    def add_pending_result(self, result: Any, *args: Any, **options: Any) -> Any:
        """Called for each result that a group or a chord is to have."""
        return result if _sends() else super().add_pending_result(result, *args, **options)  # type: ignore[misc]

    def __reduce__(self, *args: Any) -> tuple[Any, ...]:
        """Pickle it, along with a result, as what it was."""
        reduced: Any = super().__reduce__(*args)
        unpickle, (made, *rest) = reduced
        return unpickle, (made.__mro__[2], *rest)


_quiet_classes: dict[type, type] = {}


def _make_quiet(backend_class: type) -> type:
    if backend_class not in _quiet_classes:
        _quiet_classes[backend_class] = type(backend_class.__name__, (Quiet, backend_class), {})
    return _quiet_classes[backend_class]


def _sends() -> bool:
    return getattr(_this_thread, "sends", False)
