"""Defines the kinds of job, which check themselves and can be sent anywhere. What comes of them: `answers`.

They are standard dataclasses, so that a subinterpreter without any extension module can do them.
How they travel is in `job_messages`. This module does no job; see `perform`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, TypeAlias

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
#: Boards of an exhibition, and half-moves of one of its games.
MAX_BOARDS, MAX_PLIES = 1_000, 2_000
#: What the names of the queues begin with that a game's moves are sent to, and how long they are at most.
GAME_QUEUES, MAX_QUEUE = "simul.", 255
#: The number of a job that does nothing.
MAX_NUMBER = 10**9
#: Steps of one piece of an integral: some seconds.
MAX_STEPS = 10_000_000
#: The sieve's upper end. Its memory grows with the root of this: a few megabytes a job.
MAX_PRIME = 10**12
#: Producers of an exchange, and consumers: each is a thread. Messages of a producer, and of the buffer.
MAX_PARTIES, MAX_MESSAGES = 16, 1_000
#: The longest that a producer waits for one message, in milliseconds: who is asleep cannot be broken off.
MAX_PAUSE_MS = 500
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
class NoOp:
    """Do nothing: what is left is what it costs to have anything done."""

    number: int

    def __post_init__(self) -> None:
        _require(0 <= self.number <= MAX_NUMBER, f"number lies in 0..{MAX_NUMBER:,}")


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
class Exchange:
    """Send messages from producers to consumers through one bounded buffer."""

    #: Makes the numbers that the messages hold.
    seed: int
    producers: int
    consumers: int
    #: Messages of each producer.
    messages: int
    #: How many messages the buffer holds.
    capacity: int
    #: A producer waits so many milliseconds before each message.
    pause_ms: float

    def __post_init__(self) -> None:
        _require(1 <= self.producers <= MAX_PARTIES, f"an exchange has 1 to {MAX_PARTIES} producers")
        _require(1 <= self.consumers <= MAX_PARTIES, f"an exchange has 1 to {MAX_PARTIES} consumers")
        _require(1 <= self.messages <= MAX_MESSAGES, f"a producer has 1 to {MAX_MESSAGES:,} messages")
        _require(1 <= self.capacity <= MAX_MESSAGES, f"a buffer holds 1 to {MAX_MESSAGES:,} messages")
        _require(0 <= self.pause_ms <= MAX_PAUSE_MS, f"pause_ms lies in 0..{MAX_PAUSE_MS}")
        _require(
            self.messages * self.pause_ms <= MAX_WAIT_MS,
            f"a producer waits {MAX_WAIT_MS:,} ms at most in all",
        )


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


@dataclass(frozen=True, slots=True)
class GameMove:
    """Make one move of an exhibition's game; whoever does it sends the next one on (see `pass_on`)."""

    #: The position, in Forsyth-Edwards notation.
    fen: str
    #: Which of the exhibition's boards it is, and which half-move of its game; both count from 0. Even ones
    #: are Judit's, who has White.
    board: int
    ply: int
    #: What all games of the exhibition have in common: who moves where, if asked to.
    seed: int
    boards: int
    #: After so many half-moves a game ends.
    plies: int
    #: How long Judit thinks, and an opponent, in milliseconds.
    think_ms: tuple[float, float]
    #: The queues that her moves are sent to, and theirs.
    queues: tuple[str, str]
    #: When this game is over, that of the board so many further begins; 0 where all have begun.
    step: int = 0

    def __post_init__(self) -> None:
        _require(_is_unicode(self.fen), "a FEN is Unicode text, without lone surrogates")
        _require(len(self.fen) <= MAX_FEN, f"a FEN has up to {MAX_FEN} characters")
        _require(1 <= self.boards <= MAX_BOARDS, f"an exhibition has 1 to {MAX_BOARDS:,} boards")
        _require(1 <= self.plies <= MAX_PLIES, f"a game has 1 to {MAX_PLIES:,} half-moves")
        _require(0 <= self.board < self.boards and 0 <= self.ply < self.plies, "board and ply count from 0")
        _require(0 <= self.step <= self.boards, "the next board is one of the exhibition's")
        _require(
            all(0 <= think_ms <= MAX_WAIT_MS for think_ms in self.think_ms),
            f"think_ms lies in 0..{MAX_WAIT_MS:,}",
        )
        _require(
            all(queue.startswith(GAME_QUEUES) and len(queue) <= MAX_QUEUE for queue in self.queues),
            f"moves go to queues whose names begin with {GAME_QUEUES!r}",
        )
        _require(
            all(map(_is_unicode, self.queues)), "a queue's name is Unicode text, without lone surrogates"
        )


Job: TypeAlias = FileCheck | ChessMove | NoOp | Trapezoid | Sieve | Exchange | Call | GameMove


def wait_s(job: Job) -> float:
    """Return how long a job waits on purpose, in seconds; 0 for one that only computes."""
    if isinstance(job, GameMove):
        return job.think_ms[job.ply % 2] / 1000
    if isinstance(job, Exchange):  # the producers wait beside each other
        return job.messages * job.pause_ms / 1000
    return (job.wait_ms or 0.0) / 1000 if isinstance(job, ChessMove) else 0.0


def fields_of(value: Any) -> dict[str, Any]:
    """Return the fields of a job or an answer by their names, as they are."""
    # Not asdict: it copies what cannot change, and takes ten times as long.
    return {field: getattr(value, field) for field in value.__dataclass_fields__}


def _is_unicode(text: str) -> bool:
    # JSON may carry half a surrogate pair, which no answer or record could be written with.
    return text.isascii() or not any("\ud800" <= character <= "\udfff" for character in text)


def _require(condition: bool, rule: str) -> None:
    if not condition:
        raise InvalidJobError(rule)
