"""A selector that does not oversleep."""

from __future__ import annotations

import select
import selectors

#: What `select` takes; a descriptor of this number or more, only epoll does.
FD_SETSIZE = 1024


class PreciseSelector(selectors.EpollSelector):
    """Python's epoll, but for timeouts: those it rounds up to a whole millisecond.

    An event loop wakes up its timers with it: a job that waits would hold its slot, half a millisecond on
    average, longer than it asked for. `select` on the epoll descriptor waits to the microsecond.
    """

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        """As every selector does."""
        if timeout is not None and timeout > 0 and self.fileno() < FD_SETSIZE:
            select.select([self.fileno()], [], [], timeout)
            timeout = 0
        return super().select(timeout)
