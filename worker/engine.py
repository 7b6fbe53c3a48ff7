"""Searches for the best chess move: fixed-depth negamax with alpha-beta, in pure Python on one core.

It is here to be honest work for a processor, not to win: no opening book, no transposition table, no clock
(who has one hands in a `check`, which may raise), no randomness. The same position and depth give the same
move, score and node count on every machine. It finds every forced mate within its depth, the shortest
first.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import chess

#: The score of giving mate now; a mate `n` half-moves away scores n less.
MATE = 100_000
#: Half-moves without a capture or a pawn move after which a game is drawn whatever the players say.
DRAWN_HALFMOVES = 150

#: Centipawns.
VALUES = {
    chess.PAWN: 100,
    chess.KNIGHT: 310,
    chess.BISHOP: 325,
    chess.ROOK: 500,
    chess.QUEEN: 950,
    chess.KING: 0,
}
#: Centipawns that a piece gains with each step towards the centre; the king had better stay away.
_PULL = {chess.PAWN: 2, chess.KNIGHT: 8, chess.BISHOP: 5, chess.ROOK: 1, chess.QUEEN: 2, chess.KING: -6}
#: Centipawns that a pawn gains with each rank it has advanced.
_ADVANCE = 6


@dataclass(frozen=True, slots=True)
class BestMove:
    """The best move, its score (centipawns for the side to move) and the number of positions visited."""

    move: chess.Move
    score: int
    nodes: int


def search(board: chess.Board, depth: int, check: Callable[[], object] = lambda: None) -> BestMove:
    """Search a legal, unfinished position for its best move, looking `depth` >= 1 half-moves ahead.

    `check` is called before the moves of a position are tried, which is about a thousand times a second.
    """
    visits = _Visits(check, _Worths())
    best, best_score = None, -MATE
    for move in ordered_moves(board):
        board.push(move)
        score = -_negamax(board, depth - 1, -MATE, -best_score, 1, visits)
        board.pop()
        if best is None or score > best_score:
            best, best_score = move, score
    assert best is not None, "the caller excludes finished games"
    return BestMove(best, best_score, visits.count + 1)


def ordered_moves(board: chess.Board) -> list[chess.Move]:
    """List the legal moves, likely good ones first, so that alpha-beta cuts early.

    Equally promising moves are in the order of their UCI names: it is the same on every machine.
    """
    theirs, passant = board.occupied_co[not board.turn], board.ep_square

    def place(move: chess.Move) -> int:
        square, promotion = move.to_square, move.promotion
        name = (_NAMED[move.from_square] << 9) + (_NAMED[square] << 3) + _LETTERS[promotion]
        if not (promotion or theirs >> square & 1 or square == passant):
            return name
        return name - (_promise(board, move) << 15)

    return sorted(board.legal_moves, key=place)


def evaluate(board: chess.Board, worths: _Worths | None = None) -> int:
    """Value the pieces and their places, in centipawns for the side to move."""
    worths = _Worths() if worths is None else worths
    white, black = board.occupied_co[chess.WHITE], board.occupied_co[chess.BLACK]
    score = (
        worths[chess.PAWN, chess.WHITE, board.pawns & white]
        + worths[chess.KNIGHT, chess.WHITE, board.knights & white]
        + worths[chess.BISHOP, chess.WHITE, board.bishops & white]
        + worths[chess.ROOK, chess.WHITE, board.rooks & white]
        + worths[chess.QUEEN, chess.WHITE, board.queens & white]
        + worths[chess.KING, chess.WHITE, board.kings & white]
        - worths[chess.PAWN, chess.BLACK, board.pawns & black]
        - worths[chess.KNIGHT, chess.BLACK, board.knights & black]
        - worths[chess.BISHOP, chess.BLACK, board.bishops & black]
        - worths[chess.ROOK, chess.BLACK, board.rooks & black]
        - worths[chess.QUEEN, chess.BLACK, board.queens & black]
        - worths[chess.KING, chess.BLACK, board.kings & black]
    )
    return score if board.turn == chess.WHITE else -score


def final_score(board: chess.Board, ply: int) -> int | None:
    """Score a finished game, `ply` half-moves from the root; return None where the game goes on.

    Repetitions do not count: a job is one position, without the moves that led to it.
    """
    if not _can_move(board):
        return ply - MATE if board.is_check() else 0
    if board.halfmove_clock >= DRAWN_HALFMOVES:
        return 0
    if not (board.pawns | board.rooks | board.queens) and board.is_insufficient_material():
        return 0
    return None


def _can_move(board: chess.Board) -> bool:
    king = board.king(board.turn)
    if king is not None:
        # A pawn in no line with its king is not pinned: where there is no check, it may step ahead.
        pawns = board.pawns & board.occupied_co[board.turn] & ~_LINES[king]
        ahead = pawns << 8 if board.turn == chess.WHITE else pawns >> 8
        if ahead & ~board.occupied and not board.is_check():
            return True
    return any(board.generate_legal_moves())


class _Worths(dict[tuple[chess.PieceType, chess.Color, int], int]):
    """What all pieces of a kind and colour are worth, by their squares (a bit each).

    One for each search: a move leaves eleven of the twelve sets of pieces where they were.
    """

    def __missing__(self, key: tuple[chess.PieceType, chess.Color, int]) -> int:
        piece, color, squares = key
        worth = WORTH[piece]
        mirror = 0 if color == chess.WHITE else 56  # what `chess.square_mirror` changes
        self[key] = sum(worth[square ^ mirror] for square in chess.scan_forward(squares))
        return self[key]


class _Visits:
    """Counts the positions that a search visits, and holds the check to call between them."""

    __slots__ = ("check", "count", "worths")

    def __init__(self, check: Callable[[], object], worths: _Worths) -> None:
        self.count = 0
        self.check = check
        self.worths = worths


def _negamax(board: chess.Board, depth: int, alpha: int, beta: int, ply: int, visits: _Visits) -> int:
    visits.count += 1
    final = final_score(board, ply)
    if final is not None:
        return final
    if depth == 0:
        return evaluate(board, visits.worths)
    visits.check()
    best = -MATE
    for move in ordered_moves(board):
        board.push(move)
        best = max(best, -_negamax(board, depth - 1, -beta, -alpha, ply + 1, visits))
        board.pop()
        alpha = max(alpha, best)
        if alpha >= beta:
            break  # the opponent has a better choice earlier on, and never lets it come to this
    return best


def _promise(board: chess.Board, move: chess.Move) -> int:
    """Estimate what a move wins at once: most for the dearest victim, taken by the cheapest attacker."""
    promise = VALUES[move.promotion] if move.promotion else 0
    if board.is_capture(move):
        victim = board.piece_type_at(move.to_square) or chess.PAWN  # nobody there: en passant
        attacker = board.piece_type_at(move.from_square) or chess.PAWN
        promise += 10 * VALUES[victim] - VALUES[attacker] + VALUES[chess.QUEEN]
    return promise


def _worth(piece: chess.PieceType, square: chess.Square) -> int:
    """Value a white piece on a square, in centipawns."""
    file, rank = chess.square_file(square), chess.square_rank(square)
    off_centre = (abs(2 * file - 7) + abs(2 * rank - 7)) // 2  # 1 in the centre to 7 in the corner
    advance = _ADVANCE * (rank - 1) if piece == chess.PAWN else 0
    return VALUES[piece] + _PULL[piece] * (4 - off_centre) + advance


#: The worth of a white piece on each square, in centipawns.
WORTH = {piece: [_worth(piece, square) for square in chess.SQUARES] for piece in chess.PIECE_TYPES}
#: The places of squares and promotions in the order of their names: a1, a2 to h8; none, b, n, q, r.
_NAMED = [chess.square_file(square) * 8 + chess.square_rank(square) for square in chess.SQUARES]
_LETTERS = {None: 0, chess.BISHOP: 1, chess.KNIGHT: 2, chess.QUEEN: 3, chess.ROOK: 4}
#: The squares in a line with each square, which a queen there would attack on an empty board.
_LINES = [
    chess.BB_RANK_ATTACKS[square][0] | chess.BB_FILE_ATTACKS[square][0] | chess.BB_DIAG_ATTACKS[square][0]
    for square in chess.SQUARES
]
