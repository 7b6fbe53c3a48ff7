"""A selector that wakes up an event loop on time."""

from __future__ import annotations

import select
import selectors

#: The lowest descriptor that is too high for `select`, and that only epoll takes.
FD_SETSIZE = 1024


class PreciseSelector(selectors.EpollSelector):
    """epoll with sub-millisecond timeouts.

    Python's own rounds a timeout up to a whole millisecond, and an event loop wakes up its timers with it: a
    task that waits would hold its slot, half a millisecond on average, longer than it asked for. `select` on
    the epoll descriptor waits to the microsecond.
    """

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        """Wait at most `timeout` seconds for a file to be ready, and return those that are."""
        if timeout is not None and timeout > 0 and self.fileno() < FD_SETSIZE:
            select.select([self.fileno()], [], [], timeout)
            timeout = 0
        return super().select(timeout)
