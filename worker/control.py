"""What others may ask of a worker, and have it do, over the broker: Celery's remote control, with two bounds.

Anybody who can write to the broker can send a command. Whoever asks is answered. What changes a worker, or
ends it, is refused with an answer that says how to allow it, unless SIMUL_REMOTE_CONTROL names it. A command
is looked at before Celery gets it, which takes whatever there is for one: an odd one costs it its mailbox for
a moment, a regular expression may keep it busy for ever.

`Celery(control=...)` names `Control`, which is Celery's own way of replacing it.
"""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from celery.app import control
from celery.utils.log import get_logger
from kombu import pidbox

from celery_reliable_redis import Seldom
from worker.app import settings
from worker.records import text_of
from worker.settings import REMOTE_CONTROLS

#: What is only asked. Three of Celery's, for debugging, write files or keep what they have seen: `objgraph`,
#: `memsample`, `memdump`. There is no need for them here.
QUESTIONS = frozenset(
    {
        *("active", "active_queues", "clock", "conf", "heartbeat", "ping", "query_task"),
        *("registered", "report", "reserved", "revoked", "scheduled", "stats"),
        *("dump_active", "dump_conf", "dump_reserved", "dump_revoked", "dump_schedule", "dump_tasks"),
    }
)
#: The longest command, in bytes.
LONGEST = 64 * 1024
#: The latest tick of the clock that workers share; it is counted in messages.
LATEST = 2**53

seldom = Seldom(get_logger(__name__))

Name = Annotated[str, msgspec.Meta(max_length=255)]


class ReplyTo(msgspec.Struct):
    """Where an answer goes to."""

    exchange: Name
    routing_key: Name

    def __post_init__(self) -> None:
        # JSON may carry half a surrogate pair, which no key can be written with.
        f"{self.exchange}{self.routing_key}".encode()


class Command(msgspec.Struct):
    """A command as Celery's clients write it. A pattern is a glob: a regular expression may take for ever."""

    method: Name
    arguments: dict[str, Any] | None = None
    destination: list[Name] | None = None
    pattern: Name | None = None
    matcher: Annotated[str, msgspec.Meta(pattern="^glob$")] | None = None
    ticket: Name | None = None
    reply_to: ReplyTo | None = None


class Node(pidbox.Node):
    """One worker's mailbox."""

    def handle_message(self, body: Any, message: Any = None) -> Any:
        """Do what a message says, if it is a command and may be done."""
        try:
            if message is not None:
                _check_message(message)
            command = msgspec.convert(body, Command)
        except (msgspec.ValidationError, ValueError) as error:
            no_command(error)
            return None
        return super().handle_message(msgspec.to_builtins(command), message)

    def handle(self, method: str, arguments: dict[str, Any] | None = None) -> Any:
        """The answer to a command: that of Celery's, or why there is none."""
        if method not in QUESTIONS and method not in settings.remote_controls:
            why = _refusal(method)
            seldom.warn("refused", why)
            return {"error": why}
        try:
            return super().handle(method, arguments)
        except Exception as error:  # what the arguments can make of it
            why = f"{method} (remote control): {text_of(error)}"
            seldom.warn("failed", why)
            return {"error": why[:1000]}

    def reply(self, data: Any, *args: Any, **kwargs: Any) -> None:
        """Send an answer; one that is wanted where nobody could send it is dropped."""
        try:
            super().reply(data, *args, **kwargs)
        except self.state.consumer.connection_errors:
            raise
        except Exception as error:
            seldom.warn("no answer", f"no answer (remote control): {text_of(error)}")

    def on_decode_error(self, message: Any, exc: Exception) -> None:  # noqa: ARG002  # kombu's signature
        """What is no JSON is dropped."""
        no_command(exc)


class Mailbox(pidbox.Mailbox):
    """The mailboxes of all workers."""

    node_cls = Node


class Control(control.Control):
    """Celery's, with such mailboxes."""

    Mailbox = Mailbox


def no_command(error: Exception) -> None:
    """Say once in a while that something came which is no command."""
    seldom.warn("no command", f"no command (remote control): {text_of(error)}")


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
