"""Defines the kinds of answer, one for each kind of job, which can be sent anywhere.

They are standard dataclasses, as jobs are: a subinterpreter without any extension module can make them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from worker.jobs import fields_of


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
class NothingDone:
    """Which job it was that did nothing."""

    number: int


@dataclass(frozen=True, slots=True)
class Integral:
    """The value of one piece of the integral."""

    value: float


@dataclass(frozen=True, slots=True)
class PrimesCounted:
    """How many primes the segment holds."""

    count: int


@dataclass(frozen=True, slots=True)
class Exchanged:
    """What the consumers of an exchange have got, all together."""

    #: How many messages, and the sum of the numbers in them.
    count: int
    total: int
    #: A sum over the messages: another where one is lost, doubled or changed, the same in any order.
    checksum: int


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


@dataclass(frozen=True, slots=True)
class GameMovePlayed:
    """The move of a game, in UCI notation, and the position after it."""

    move: str
    fen: str
    #: "1-0", "0-1" or "1/2-1/2" where the game is over with it.
    result: str | None = None


Answer: TypeAlias = (
    FilesChecked | MovePlayed | NothingDone | Integral | PrimesCounted | Exchanged | Returned | GameMovePlayed
)


def to_record(answer: Answer) -> dict[str, Any]:
    """Write an answer as plain types, as it stands in a record."""
    if isinstance(answer, FilesChecked):
        return {"verdicts": tuple(map(fields_of, answer.verdicts))}
    return fields_of(answer)
