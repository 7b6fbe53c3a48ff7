"""Keeps the mailbox of a worker without an event loop (gevent, eventlet) open when its connection is lost.

Celery reads that mailbox in a greenlet of its own, on a connection of its own, and the greenlet ends with the
connection: such a worker goes on with its jobs, and never answers again. Redis closes the connection of
whoever does not read fast enough, so anybody who can publish can bring that about.
"""

from __future__ import annotations

import time
from typing import Any

from celery.utils.log import get_logger
from celery.worker import pidbox
from celery.worker.consumer import control

log = get_logger(__name__)

#: How long a connection that was lost is left alone, in seconds.
PAUSE_S = 1.0


class Inbox(pidbox.gPidbox):
    """Reads commands, and goes on over a new connection when the old one is lost."""

    #: A token for the greenlet that reads; each start makes a new one.
    _reader: object = None

    def start(self, c: Any) -> None:
        """Start the greenlet that reads."""
        self._reader = object()
        super().start(c)

    def on_stop(self) -> None:
        """Tell the greenlet to end."""
        self._reader = None
        super().on_stop()

    def loop(self, c: Any) -> None:
        """Read commands until the mailbox is stopped."""
        reader = self._reader
        while reader is self._reader:
            try:
                super().loop(c)
                return
            except c.connection_errors as error:
                log.warning("remote control: the connection is lost, another is tried: %s", error)
                time.sleep(PAUSE_S)


class InboxStep(control.Control):
    """Opens the mailbox when the worker starts."""

    def __init__(self, c: Any, **options: Any) -> None:
        super().__init__(c, **options)
        if self.is_green:
            box = self.box = Inbox(c)
            self.start, self.stop, self.shutdown = box.start, box.stop, box.shutdown
