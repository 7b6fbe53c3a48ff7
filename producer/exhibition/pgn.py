"""Writes games as PGN, the notation of chess games that every chess program reads."""

from __future__ import annotations

import datetime

import chess
import chess.pgn

from producer.exhibition.program import Game, Program


def write_games(program: Program, lane: str) -> str:
    """Return the games of a program, which were played in the way that `lane` names."""
    today = datetime.date.today().strftime("%Y.%m.%d")
    return (
        "\n\n".join(
            str(_write_game(program, game, board, lane, today)) for board, game in enumerate(program.games)
        )
        + "\n"
    )


def _write_game(program: Program, game: Game, board: int, lane: str, today: str) -> chess.pgn.Game:
    written = chess.pgn.Game()
    written.headers.update(
        Event="Simultaneous exhibition",
        Site=f"simul, {lane}",
        Date=today,
        Round=str(board + 1),
        White="Judit Polgár",
        Black=f"Amateur {board + 1}",
        Result=game.result,
        Opening=game.opening,
        Seed=str(program.seed),
    )
    node: chess.pgn.GameNode = written
    for move in game.moves:
        node = node.add_variation(chess.Move.from_uci(move))
    return written
