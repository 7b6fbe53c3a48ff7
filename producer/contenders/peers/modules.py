"""What every module of a peer offers, and what the lab tells the process that loads one.

Such a module is loaded by two processes: by the peer's own worker, and by the lab's sender. It finds in the
environment which broker and which queue are meant, as an app of its kind would.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Any, Protocol, TypeAlias

#: The arguments of a peer's task, by name: {run, index, enqueued_ns, job}, as Celery's workers get them.
Message: TypeAlias = Mapping[str, Any]
#: Sends messages, all of them; returns when the broker has them.
Send: TypeAlias = Callable[[Sequence[Message]], None]

#: The environment variables that say which queue is meant, and how many slots its worker has.
QUEUE, SLOTS = "SIMUL_PEER_QUEUE", "SIMUL_PEER_SLOTS"


class PeerModule(Protocol):
    """Offers what every module of a peer has to offer, beside what the peer's own command looks for."""

    def sender(self) -> AbstractContextManager[Send]:
        """Connect, yield what sends, and hang up."""


def broker_url() -> str:
    """Return the address of the broker."""
    return os.environ["SIMUL_BROKER_URL"]


def queue() -> str:
    """Return the name of the queue, in letters, digits and hyphens: nobody else has it."""
    return os.environ[QUEUE]


def slots() -> int:
    """Return how many slots the worker has; who only sends has none, and is told of none."""
    return int(os.environ.get(SLOTS, "1"))
