"""Plays the games of the exhibition: which move a player chooses, and how a game goes on.

A move follows from the position, the seed and the board's number, and from nothing else: so whoever makes it,
and however often, the game is the same. A player looks at each legal move once, at what it takes and at what
could take back: that costs a third of a millisecond, for Judit has little more where an hour takes a second.
The amateurs see less than she does. This module knows no queue, and waits for nobody.
"""

from __future__ import annotations

import functools
import random

import chess

from worker.engine import MATE, VALUES, WORTH
from worker.openings import OPENINGS, Opening

#: By how much an amateur may misjudge a move, in centipawns; and Judit, so that she does not always play
#: alike.
BLUNDER, WHIM = 160, 12
#: Of how many moves Judit also considers the answer.
CANDIDATES = 8


@functools.lru_cache(maxsize=8)
def openings(seed: int, boards: int) -> tuple[Opening, ...]:
    """Return the opening on each board; they differ as long as there are enough of them."""
    rng = random.Random(f"{seed}/openings")
    chosen: list[Opening] = []
    while len(chosen) < boards:
        chosen += rng.sample(OPENINGS, k=len(OPENINGS))
    return tuple(chosen[:boards])


def choose(position: chess.Board, ply: int, opening: Opening, seed: int) -> chess.Move:
    """Choose the move number `ply` (from 0) of a game: the opening's, and then one of the player's own.

    The game is not over. `seed` is the game's; even plies are White's, who is Judit.
    """
    if ply < len(opening.moves):
        move = chess.Move.from_uci(opening.moves[ply])
        if position.is_legal(move):  # a game that began somewhere else goes its own way
            return move
    return _best(position, ply % 2 == 0, hash_of(seed, ply))


def hash_of(*numbers: int) -> int:
    """Mix numbers into one of 32 bits, alike on every machine."""
    mixed = 0x9E3779B9
    for number in numbers:
        mixed = (mixed ^ number & 0xFFFFFFFF) * 0x85EBCA6B & 0xFFFFFFFF
        mixed ^= mixed >> 15
    return mixed


def _best(position: chess.Board, is_master: bool, salt: int) -> chess.Move:
    """Choose the move that seems best; whoever is no master misjudges each of them a little."""
    us, them = position.turn, not position.turn
    attacked, by_pawns = _attacks(position, them), _pawn_attacks(position, them)
    theirs = position.occupied_co[them]
    mirror = 0 if us == chess.WHITE else 56
    spread = WHIM if is_master else BLUNDER
    seen: list[tuple[int, int, chess.Move]] = []
    for move in position.generate_legal_moves():
        start, goal, promotion = move.from_square, move.to_square, move.promotion
        piece = position.piece_type_at(start) or chess.PAWN
        after = promotion or piece
        score = WORTH[after][goal ^ mirror] - WORTH[piece][start ^ mirror]
        if theirs >> goal & 1:
            score += VALUES[position.piece_type_at(goal) or chess.PAWN]
        if attacked >> goal & 1 and (by_pawns >> goal & 1 or not _is_guarded(position, us, goal, start)):
            score -= VALUES[after]
        if attacked >> start & 1 and (by_pawns >> start & 1 or not position.attackers_mask(us, start)):
            score += VALUES[piece]
        name = start << 9 | goal << 3 | (promotion or 0)
        seen.append((score + hash_of(salt, name) % spread, -name, move))
    seen.sort(key=lambda scored: scored[:2], reverse=True)
    if not is_master:
        return seen[0][2]
    return max(seen[:CANDIDATES], key=lambda scored: scored[0] + _outlook(position, scored[2]))[2]


def _outlook(position: chess.Board, move: chess.Move) -> int:
    """Say what may follow a move, in centipawns: what the other side could win by its answer is lost."""
    position.push(move)
    try:
        if position.is_check() and not any(position.generate_legal_moves()):
            return MATE
        them, us = position.turn, not position.turn
        attacked = _attacks(position, them) & position.occupied_co[us]
        most = 0
        for square in chess.scan_forward(attacked):
            value = VALUES[position.piece_type_at(square) or chess.PAWN]
            if value > most:
                most = max(most, value - _price(position, us, them, square))
        return -most
    finally:
        position.pop()


def _price(position: chess.Board, us: chess.Color, them: chess.Color, square: chess.Square) -> int:
    """Return what they lose where they take on a square: their cheapest piece there, if we can take back."""
    if not position.attackers_mask(us, square):
        return 0
    takers = position.attackers_mask(them, square)
    return min(VALUES[position.piece_type_at(taker) or chess.PAWN] for taker in chess.scan_forward(takers))


def _attacks(position: chess.Board, color: chess.Color) -> int:
    """Return the squares that a side attacks, a bit each."""
    attacked = _pawn_attacks(position, color)
    for square in chess.scan_forward(position.occupied_co[color] & ~position.pawns):
        attacked |= position.attacks_mask(square)
    return attacked


def _pawn_attacks(position: chess.Board, color: chess.Color) -> int:
    pawns = position.pawns & position.occupied_co[color]
    left, right = pawns & ~chess.BB_FILE_A, pawns & ~chess.BB_FILE_H
    if color == chess.WHITE:
        return left << 7 | right << 9
    return left >> 9 | right >> 7


def _is_guarded(position: chess.Board, color: chess.Color, goal: chess.Square, start: chess.Square) -> bool:
    """Tell whether another piece than the one that goes there could take back."""
    return bool(position.attackers_mask(color, goal) & ~(1 << start))
