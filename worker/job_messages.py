"""Writes a job as plain JSON types, and reads it again: `{"kind": "file_check", "files": [...]}`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from worker.errors import InvalidJobError
from worker.jobs import (
    Call,
    ChessMove,
    Exchange,
    FileCheck,
    GameMove,
    Job,
    NoOp,
    Sieve,
    Trapezoid,
    fields_of,
)

#: The name of each kind of job in a message.
KINDS: dict[str, type[Job]] = {
    "file_check": FileCheck,
    "chess_move": ChessMove,
    "no_op": NoOp,
    "trapezoid": Trapezoid,
    "sieve": Sieve,
    "exchange": Exchange,
    "call": Call,
    "game_move": GameMove,
}
_KIND_NAMES = {kind: name for name, kind in KINDS.items()}


def to_message(job: Job) -> dict[str, Any]:
    """Write a job as plain JSON types, with its kind."""
    return {"kind": _KIND_NAMES[type(job)], **fields_of(job)}


def from_message(message: object) -> Job:
    """Read the job that a decoded message describes.

    Raises:
        InvalidJobError: the message describes no valid job; the text says which field is wrong.
    """
    from worker import shapes  # not at the top: a subinterpreter may be unable to load it, and has no need to

    if not isinstance(message, Mapping):
        raise InvalidJobError(f"a job is an object with a kind, not {type(message).__name__}")
    fields = dict(message)
    kind = fields.pop("kind", None)
    job_type = KINDS.get(kind) if isinstance(kind, str) else None
    if job_type is None:
        raise InvalidJobError(f"no kind of job is called {kind!r}; there are: {', '.join(KINDS)}")
    unknown = fields.keys() - job_type.__dataclass_fields__.keys()
    if unknown:
        raise InvalidJobError(f"{kind}: unknown field {', '.join(sorted(map(ascii, unknown)))}")
    try:
        return shapes.convert(fields, job_type)
    except shapes.ValidationError as error:
        raise InvalidJobError(f"{kind}: {error}") from None
