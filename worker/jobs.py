"""Defines the kinds of job and of answer, which check themselves and can be sent anywhere.

They are standard dataclasses, so that a subinterpreter without any extension module can do them.
A job travels as JSON: `{"kind": "file_check", "files": [...]}`. This module does no job; see `perform`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from worker.errors import InvalidJobError

#: Files that one job may name.
MAX_FILES = 1000
#: Characters of a file's name: Linux opens nothing that is longer.
MAX_NAME = 4096
#: Characters of a FEN: the longest of a legal position has about 90.
MAX_FEN = 200
#: Half-moves that the engine may look ahead; one more multiplies the time by about ten. Five take seconds.
MAX_DEPTH = 5
#: The longest that a human at the board may think, in milliseconds. Shorter than `settings.JOB_LIMIT_S`.
MAX_WAIT_MS = 20_000
#: Steps of one piece of an integral: some seconds.
MAX_STEPS = 10_000_000
#: The sieve's upper end. Its memory grows with the root of this: a few megabytes a job.
MAX_PRIME = 10**12
#: Characters of the name of a function, and of the JSON of one call's arguments: a message has 4 MiB at most,
#: with all around it.
MAX_TARGET, MAX_ARGUMENTS = 300, 1024 * 1024
#: The longest segment that one sieve job may cover: a second.
MAX_SEGMENT = 10_000_000


@dataclass(frozen=True, slots=True)
class FileCheck:
    """Read files below the data root and verify the sum that each of them states."""

    #: Paths relative to the data root, 1 to `MAX_FILES` of them.
    files: tuple[str, ...]

    def __post_init__(self) -> None:
        _require(0 < len(self.files) <= MAX_FILES, f"a file check names 1 to {MAX_FILES:,} files")
        _require(all(map(_is_unicode, self.files)), "a file's name is Unicode text, without lone surrogates")
        _require(
            all(len(name) <= MAX_NAME for name in self.files),
            f"a file's name has up to {MAX_NAME:,} characters",
        )


@dataclass(frozen=True, slots=True)
class ChessMove:
    """Make one move in a position, by waiting (a human at the board) or by searching (an engine).

    Exactly one of `wait_ms` and `depth` is given.
    """

    #: The position, in Forsyth-Edwards notation.
    fen: str
    #: Think for so many milliseconds, then play a legal move that `seed` picks.
    wait_ms: float | None = None
    seed: int = 0
    #: Search so many half-moves deep, then play the best move.
    depth: int | None = None

    def __post_init__(self) -> None:
        _require((self.wait_ms is None) != (self.depth is None), "a chess move has either wait_ms or depth")
        _require(_is_unicode(self.fen), "a FEN is Unicode text, without lone surrogates")
        _require(len(self.fen) <= MAX_FEN, f"a FEN has up to {MAX_FEN} characters")
        if self.wait_ms is not None:
            _require(0 <= self.wait_ms <= MAX_WAIT_MS, f"wait_ms lies in 0..{MAX_WAIT_MS:,}")
        if self.depth is not None:
            _require(1 <= self.depth <= MAX_DEPTH, f"depth lies in 1..{MAX_DEPTH}, not {self.depth}")


@dataclass(frozen=True, slots=True)
class Trapezoid:
    """Integrate 3^(3x-1) from `lower` to `upper` by the trapezoidal rule with `steps` equal steps."""

    lower: float
    upper: float
    steps: int

    def __post_init__(self) -> None:
        _require(math.isfinite(self.lower) and math.isfinite(self.upper), "the bounds are finite")
        _require(abs(self.lower) <= 100 and abs(self.upper) <= 100, "the bounds lie in -100..100")
        _require(self.lower < self.upper, "lower is less than upper")
        _require(1 <= self.steps <= MAX_STEPS, f"steps lies in 1..{MAX_STEPS:,}")


@dataclass(frozen=True, slots=True)
class Sieve:
    """Count the primes p with start <= p < stop."""

    start: int
    stop: int

    def __post_init__(self) -> None:
        _require(0 <= self.start < self.stop <= MAX_PRIME, f"0 <= start < stop <= {MAX_PRIME:,}")
        _require(self.stop - self.start <= MAX_SEGMENT, f"a segment covers at most {MAX_SEGMENT:,} numbers")


@dataclass(frozen=True, slots=True)
class Call:
    """Call a function of the user's: the one that the worker was started for (see `target`)."""

    #: "shop.tasks:send_mail".
    target: str
    #: JSON text: an object has the arguments by name, a list by position, all else is the one argument.
    arguments: str

    def __post_init__(self) -> None:
        _require(0 < len(self.target) <= MAX_TARGET, f"a function's name has up to {MAX_TARGET} characters")
        _require(
            len(self.arguments) <= MAX_ARGUMENTS,
            f"the arguments of a call have up to {MAX_ARGUMENTS:,} characters",
        )
        _require(_is_unicode(self.target + self.arguments), "a call is Unicode text, without lone surrogates")


Job: TypeAlias = FileCheck | ChessMove | Trapezoid | Sieve | Call


@dataclass(frozen=True, slots=True)
class FileVerdict:
    """Whether one file states the right sum."""

    file: str
    verdict: Literal["correct", "wrong", "malformed"]
    #: The sum of the summands and the sum that the file states; only where `wrong`.
    expected: int | None = None
    found: int | None = None
    #: Only where `malformed`.
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class FilesChecked:
    """The verdicts on the files of a job, in the job's order."""

    verdicts: tuple[FileVerdict, ...]


@dataclass(frozen=True, slots=True)
class MovePlayed:
    """A legal move in UCI notation; `score` (centipawns, for the side to move) and `nodes` from a search."""

    move: str
    score: int | None = None
    nodes: int | None = None


@dataclass(frozen=True, slots=True)
class Integral:
    """The value of one piece of the integral."""

    value: float


@dataclass(frozen=True, slots=True)
class PrimesCounted:
    """How many primes the segment holds."""

    count: int


@dataclass(frozen=True, slots=True)
class Returned:
    """What a function of the user's has returned."""

    #: Its type: "dict", "decimal.Decimal".
    type: str
    #: The beginning of its JSON, or of its repr where it has none.
    text: str
    #: A hash of the whole of that.
    digest: str
    #: Whether it is JSON.
    json: bool


Answer: TypeAlias = FilesChecked | MovePlayed | Integral | PrimesCounted | Returned

#: The name of each kind of job in a message.
KINDS: dict[str, type[Job]] = {
    "file_check": FileCheck,
    "chess_move": ChessMove,
    "trapezoid": Trapezoid,
    "sieve": Sieve,
    "call": Call,
}
_KIND_NAMES = {kind: name for name, kind in KINDS.items()}


def to_message(job: Job) -> dict[str, Any]:
    """Write a job as plain JSON types, with its kind."""
    return {"kind": _KIND_NAMES[type(job)], **_fields(job)}


def to_record(answer: Answer) -> dict[str, Any]:
    """Write an answer as plain types, as it stands in a record."""
    if isinstance(answer, FilesChecked):
        return {"verdicts": tuple(map(_fields, answer.verdicts))}
    return _fields(answer)


def from_message(message: object) -> Job:
    """Read the job that a decoded message describes.

    Raises:
        InvalidJobError: the message describes no valid job; the text says which field is wrong.
    """
    import msgspec  # not at the top: a subinterpreter may be unable to load it, and has no need to

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
        return msgspec.convert(fields, job_type)
    except msgspec.ValidationError as error:
        raise InvalidJobError(f"{kind}: {error}") from None


def wait_s(job: Job) -> float:
    """Return how long a job waits on purpose, in seconds; 0 for one that only computes."""
    return (job.wait_ms or 0.0) / 1000 if isinstance(job, ChessMove) else 0.0


def _fields(value: Job | Answer | FileVerdict) -> dict[str, Any]:
    # Not asdict: it copies what cannot change, and takes ten times as long.
    return {field: getattr(value, field) for field in value.__dataclass_fields__}


def _is_unicode(text: str) -> bool:
    # JSON may carry half a surrogate pair, which no answer or record could be written with.
    return text.isascii() or not any("\ud800" <= character <= "\udfff" for character in text)


def _require(condition: bool, rule: str) -> None:
    if not condition:
        raise InvalidJobError(rule)
