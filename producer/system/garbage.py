"""Keeps Python's garbage collector off for a while."""

from __future__ import annotations

import contextlib
import gc
from collections.abc import Iterator


@contextlib.contextmanager
def collector_off() -> Iterator[None]:
    """Collect no garbage during this context; what is no longer referred to goes all the same.

    For a time in which much is made and nearly all of it kept: the collector would walk ever more of it, and
    find nothing.
    """
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()
