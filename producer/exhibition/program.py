"""Says what is played: how many games, how long, by how many Judits, and which moves are the right ones.

The games follow from the seed alone. They are played out here without a thought's time, once: so it is known
how many moves there will be, how long all of it must take, and whether whoever plays them plays the same.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import chess

from producer.exhibition.timetable import JUDIT_S, OPPONENT_S, require_numbers
from producer.ranges import MAX_INTEGER, MAX_WORKERS
from worker.errors import InvalidJobError
from worker.game import openings
from worker.game_move import next_move, play
from worker.jobs import MAX_WAIT_MS, GameMove

#: The longest thought, in real seconds.
MOST_S = MAX_WAIT_MS / 1000
#: The most half-moves of an exhibition: its records are kept, shown and replayed.
MAX_PLIES_IN_ALL = 20_000
#: Queues of a game that no worker plays.
NO_QUEUES = ("simul.judit", "simul.opponents")


@dataclass(frozen=True, slots=True)
class Game:
    """One game as it is to be played."""

    opening: str
    #: In UCI notation, Judit's first.
    moves: tuple[str, ...]
    #: "1-0", "0-1", "1/2-1/2", or "*" where nobody has won after the last move.
    result: str


@dataclass(frozen=True)
class Program:
    """An exhibition. The numbers are checked when it is made: InvalidJobError says which makes no sense."""

    opponents: int
    #: Move pairs after which a game ends, if it has not before.
    moves: int
    #: Real seconds that an hour of the exhibition takes.
    hour_s: float
    judits: int
    seed: int

    def __post_init__(self) -> None:
        require_numbers(self.opponents, self.moves, self.hour_s)
        _require(
            1 <= self.judits <= MAX_WORKERS,
            f"there are 1 to {MAX_WORKERS} Judits, not {self.judits:,} (--judits)",
        )
        _require(abs(self.seed) <= MAX_INTEGER, "a seed has up to 63 bits (--seed)")
        plies = 2 * self.opponents * self.moves
        _require(
            plies <= MAX_PLIES_IN_ALL,
            f"an exhibition has up to {MAX_PLIES_IN_ALL:,} half-moves, and this one would have {plies:,}: "
            "ask for fewer --opponents or --moves",
        )
        _require(
            self.opponent_s <= MOST_S,
            f"an opponent thinks for up to {MOST_S:g} s, and here for {self.opponent_s:g} s: "
            f"ask for an --hour of up to {MOST_S * 3600 // OPPONENT_S:,.0f} s",
        )

    @property
    def judit_s(self) -> float:
        """Real seconds that Judit thinks."""
        return JUDIT_S * self.hour_s / 3600

    @property
    def opponent_s(self) -> float:
        """Real seconds that an opponent thinks."""
        return OPPONENT_S * self.hour_s / 3600

    @cached_property
    def games(self) -> tuple[Game, ...]:
        """The games, by board."""
        return tuple(map(self._play_out, range(self.opponents)))

    @property
    def plies(self) -> list[int]:
        """Half-moves of each game."""
        return [len(game.moves) for game in self.games]

    def job(self, in_turn: bool, queues: tuple[str, str] = NO_QUEUES, judits: int | None = None) -> GameMove:
        """Make the first job of the first game; those of the others follow from it."""
        return GameMove(
            fen=chess.STARTING_FEN,
            board=0,
            ply=0,
            seed=self.seed,
            boards=self.opponents,
            plies=2 * self.moves,
            think_ms=(1000 * self.judit_s, 1000 * self.opponent_s),
            queues=queues,
            step=min(judits or self.judits, self.opponents) if in_turn else 0,
        )

    def _play_out(self, board: int) -> Game:
        job: GameMove | None = replace(self.job(in_turn=False), board=board)
        moves, result = [], None
        while job:
            played = play(job)
            moves.append(played.move)
            job, result = next_move(job, played), played.result
        return Game(openings(self.seed, self.opponents)[board].name, tuple(moves), result or "*")


def _require(condition: bool, rule: str) -> None:
    if not condition:
        raise InvalidJobError(rule)
