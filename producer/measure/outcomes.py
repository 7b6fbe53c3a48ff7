"""What becomes of a call of a user's function, without its answer."""

from __future__ import annotations

from typing import NamedTuple

from worker import deadline
from worker.call import call
from worker.jobs import Call
from worker.records import error_line, failure_text


class Outcome(NamedTuple):
    """How one call ended."""

    #: The type of what it returned or raised.
    name: str
    #: What went wrong; None where nothing did.
    failure: str | None
    #: Whether the answer is JSON.
    json: bool

    @property
    def kind(self) -> tuple[bool, str]:
        """What is alike in calls that end alike: whether it failed, and the type."""
        return self.failure is not None, self.name


def make_call(job: Call) -> Outcome:
    """Call the function in this thread, within the time limit; nothing that it raises goes further."""
    try:
        returned = call(job, deadline.start())
    except Exception as error:
        return Outcome(type(error).__name__, failure_text(error), True)
    except BaseException as error:  # such as asyncio.CancelledError
        return Outcome(type(error).__name__, error_line(error), True)
    return Outcome(returned.type, None, returned.json)
