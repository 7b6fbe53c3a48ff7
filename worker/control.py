"""Bounds Celery's remote control: answers questions, and refuses commands that would change the worker.

Anybody who can write to the broker can send a command. A question is answered. A command that changes or ends
a worker is refused, with an answer that says how to allow it, unless SIMUL_REMOTE_CONTROL names it. Each
command is checked before Celery gets it, because Celery takes anything for a command: an odd one closes its
mailbox for a moment, and a regular expression may keep it busy for ever.

`Celery(control=...)` names `Control`, which is Celery's own way of replacing it.
"""

from __future__ import annotations

from typing import Annotated, Any

from celery.app import control
from celery.utils.log import get_logger
from celery.worker.control import inspect_command
from kombu import pidbox

from celery_reliable_redis import Seldom
from worker.app import settings
from worker.records import error_line
from worker.settings import REMOTE_CONTROLS
from worker.shapes import Meta, Struct, ValidationError, convert, to_builtins

#: The commands that only ask; `usage` is the lab's own. Three of Celery's, for debugging, are left out, since
#: they write files or keep what they have seen: `objgraph`, `memsample`, `memdump`.
QUESTIONS = frozenset(
    {
        *("active", "active_queues", "clock", "conf", "heartbeat", "ping", "query_task"),
        *("registered", "report", "reserved", "revoked", "scheduled", "stats", "usage"),
        *("dump_active", "dump_conf", "dump_reserved", "dump_revoked", "dump_schedule", "dump_tasks"),
    }
)
#: The longest command, in bytes.
LONGEST = 64 * 1024
#: The latest tick of the clock that workers share; it is counted in messages.
LATEST = 2**53

seldom = Seldom(get_logger(__name__))

Name = Annotated[str, Meta(max_length=255)]


class ReplyTo(Struct):
    """The place where an answer is sent to."""

    exchange: Name
    routing_key: Name

    def __post_init__(self) -> None:
        # JSON may carry half a surrogate pair, which no key can be written with.
        f"{self.exchange}{self.routing_key}".encode()


class Command(Struct):
    """A command as Celery's clients write it.

    Its pattern can only be a glob, because a regular expression may take for ever.
    """

    method: Name
    arguments: dict[str, Any] | None = None
    destination: list[Name] | None = None
    pattern: Name | None = None
    matcher: Annotated[str, Meta(pattern="^glob$")] | None = None
    ticket: Name | None = None
    reply_to: ReplyTo | None = None


class Node(pidbox.Node):
    """Receives the commands for one worker, and answers them."""

    def handle_message(self, body: Any, message: Any = None) -> Any:
        """Check that a message is a command, and handle it; drop it otherwise."""
        try:
            if message is not None:
                _check_message(message)
            command = convert(body, Command)
        except (ValidationError, ValueError) as error:
            warn_of_no_command(error)
            return None
        return super().handle_message(to_builtins(command), message)

    def handle(self, method: str, arguments: dict[str, Any] | None = None) -> Any:
        """Return Celery's answer to a command, or an error that says why the command is refused or failed."""
        if method not in QUESTIONS and method not in settings.remote_controls:
            why = _refusal(method)
            seldom.warn("refused", why)
            return {"error": why}
        try:
            return super().handle(method, arguments)
        except Exception as error:  # anybody chooses the arguments
            why = f"{method} (remote control): {error_line(error)}"
            seldom.warn("failed", why)
            return {"error": why[:1000]}

    def reply(self, data: Any, *args: Any, **kwargs: Any) -> None:
        """Send an answer; drop it where it cannot be sent to the place that was named."""
        try:
            super().reply(data, *args, **kwargs)
        except self.state.consumer.connection_errors:
            raise
        except Exception as error:
            seldom.warn("no answer", f"no answer (remote control): {error_line(error)}")

    def on_decode_error(self, message: Any, exc: Exception) -> None:  # noqa: ARG002  # kombu's signature
        """Drop a message that is no JSON."""
        warn_of_no_command(exc)


class Mailbox(pidbox.Mailbox):
    """Makes mailboxes that check their commands."""

    node_cls = Node


class Control(control.Control):
    """Gives Celery's remote control such mailboxes."""

    Mailbox = Mailbox


@inspect_command()
def usage(state: Any) -> dict[str, Any]:  # noqa: ARG001  # Celery's signature
    """Memory and CPU time of this worker and all its processes."""
    from worker import usage  # not at the top: psutil is for those who are asked

    return usage.own()


def warn_of_no_command(error: Exception) -> None:
    """Warn, once in a while, that a message of remote control was no command."""
    seldom.warn("no command", f"no command (remote control): {error_line(error)}")


def _check_message(message: Any) -> None:
    size = len(message.body or b"")
    if size > LONGEST:
        raise ValueError(f"{size:,} bytes, of at most {LONGEST:,}")
    clock = message.headers.get("clock")
    if clock is not None and not (type(clock) is int and 0 <= clock <= LATEST):
        raise ValueError("its clock is none")


def _refusal(method: str) -> str:
    if method not in REMOTE_CONTROLS:
        return f"no command is called {method!r}, or it is none for this worker (remote control)"
    return (
        f"{method} is off (remote control): it would change this worker. Start it with "
        f"`simul worker --remote-control {method}` or SIMUL_REMOTE_CONTROL={method} to allow it"
    )
