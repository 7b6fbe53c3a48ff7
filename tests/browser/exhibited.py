"""Exhibitions as a server tells of them: legal games by python-chess, at the times of the timetable."""

from __future__ import annotations

import random
from collections.abc import Iterable
from typing import Any, TypeAlias

import chess

from producer.exhibition.timetable import schedule

#: board, ply, move, started_s, finished_s
Told: TypeAlias = list[Any]

#: What random games seldom have: both ways of castling, en passant, a promotion of each side.
BEGINNINGS = (
    "e2e4 e7e5 g1f3 b8c6 f1b5 a7a6 e1g1 g8f6 f1e1 f8e7 a2a3 e8g8",
    "d2d4 d7d5 c1f4 c8f5 b1c3 b8c6 d1d2 d8d7 e1c1 e8c8",
    "e2e4 a7a6 e4e5 d7d5 e5d6",
    "a2a4 b7b5 a4b5 a7a6 b5a6 c8b7 a6b7 b8c6 b7a8q",
    "h2h3 e7e5 h3h4 e5e4 d2d4 e4d3 g1f3 d3c2 f3d2 c2b1n",
)
OPENINGS = ("Ruy Lopez", "London System", "Sicilian Defence", "Queen's Gambit Declined", "Caro-Kann Defence")


def make_games(boards: int = 24, moves: int = 30, seed: int = 2026) -> list[list[str]]:
    """Make legal games, in UCI's words; those that end early end."""
    games = []
    for place in range(boards):
        board, chance = chess.Board(), random.Random(seed + place)
        beginning = BEGINNINGS[place].split() if place < len(BEGINNINGS) else []
        while board.ply() < 2 * moves and not board.is_game_over():
            legal = sorted(move.uci() for move in board.legal_moves)
            move = beginning[board.ply()] if board.ply() < len(beginning) else chance.choice(legal)
            board.push_uci(move)
        games.append([move.uci() for move in board.move_stack])
    return games


def position(moves: Iterable[str]) -> str:
    """Return the squares, a8 to h1, after the moves."""
    board = chess.Board()
    for move in moves:
        board.push_uci(move)
    squares = [board.piece_at(chess.square(at % 8, 7 - at // 8)) for at in range(64)]
    return "".join(piece.symbol() if piece else "." for piece in squares)


def tell_moves(games: list[list[str]], in_turn: bool, hour_s: float = 1.0, late: float = 1.0) -> list[Told]:
    """Return when who moved, by the timetable or so many times later, in the order of their ends."""
    told: list[Told] = []
    longest = max(len(game) for game in games)
    for move in schedule(len(games), (longest + 1) // 2, not in_turn, hour_s):
        times = (move.started_s, move.moved_s, move.replied_s)
        for half in (0, 1):
            ply = 2 * move.number + half
            if ply < len(games[move.opponent]):
                began, ended = (round(time * late, 6) for time in times[half : half + 2])
                told.append([move.opponent, ply, games[move.opponent][ply], began, ended])
    return sorted(told, key=lambda one: one[4])


def tell_state(
    games: list[list[str]], ident: str = "0123456789ab", status: str = "playing", hour_s: float = 1.0
) -> dict[str, Any]:
    """Return the state of a race of serial against celery:gevent over these games."""
    done = status == "done"
    lanes = []
    for name, in_turn, late in (("serial", True, 1.001), ("celery:gevent@24", False, 1.08)):
        ideal = tell_moves(games, in_turn, hour_s)[-1][4]
        over = ideal * (late - 1)
        account = [
            ("thinking", ideal),
            ("messages", over / 2),
            ("queue wait", over / 4),
            ("timers", over / 4),
        ]
        lanes.append(
            {
                "name": name,
                "in_turn": in_turn,
                "slots": 1 if in_turn else 24,
                "status": status,
                "ideal_s": ideal,
                "measured_s": ideal * late if done else None,
                "plies": [len(game) for game in games],
                "results": [_result(game) for game in games] if done else None,
                "account": [{"what": what, "s": s} for what, s in account] if done else None,
                "sentence": "All 24 games are over." if done else "",
                "problems": [],
            }
        )
    return {
        "type": "state",
        "id": ident,
        "kind": "exhibition",
        "title": f"{len(games)} games, 30 moves each, an hour in {hour_s:g} s",
        "status": status,
        "says": "Both sides have ended." if done else "Both sides play.",
        "race": True,
        "hour_s": hour_s,
        "opponents": len(games),
        "moves": 30,
        "judits": 1,
        "seed": 2026,
        "judit_s": 5,
        "opponent_s": 55,
        "openings": [OPENINGS[place % len(OPENINGS)] for place in range(len(games))],
        "began": 1_800_000_000.0,
        "ended": 1_800_000_012.0 if done else None,
        "lanes": lanes,
    }


def tell_all_moves(games: list[list[str]], hour_s: float = 1.0) -> dict[str, list[Told]]:
    """Return the moves of both lanes of that race, as a snapshot has them."""
    return {
        "0": tell_moves(games, True, hour_s, 1.001),
        "1": tell_moves(games, False, hour_s, 1.08),
    }


def tell_comparison(ident: str = "ba9876543210", done: bool = False) -> dict[str, Any]:
    """Return the state of a comparison in its third round, or at its end."""
    rows = (
        ("serial", 1.21, "ready", None),
        ("threads@8", 0.162, "running", None),
        ("celery:gevent@32", 0.081, "ready", None),
        ("celery:prefork@2", 0.66, "ready", None),
        ("interpreters@2", 0.0, "left out", "interpreters need Python 3.14, and this is 3.11"),
    )
    rounds = 5 if done else 2
    lanes = [
        {
            "workload": "waits",
            "name": name,
            "jobs": 60,
            "status": "ready" if done and status == "running" else status,
            "round": 5 if done else 3,
            "done": 40 if status == "running" else 0,
            "rate": 60 / makespan if makespan else None,
            "makespans_s": [makespan * (1 + 0.04 * (place % 3)) for place in range(rounds)]
            if makespan
            else [],
            "invalid": 0,
            "workers": 1 if "celery" in name else None,
            "queue": "simul.gevent.ab12" if "gevent" in name else None,
            "why": why,
        }
        for name, makespan, status, why in rows
    ]
    return {
        "type": "state",
        "id": ident,
        "kind": "comparison",
        "title": "waits",
        "status": "done" if done else "running",
        "says": "All five rounds are done." if done else "waits: round 3/5 threads@8",
        "rounds": 5,
        "began": 1_800_000_000.0,
        "ended": 1_800_000_030.0 if done else None,
        "workers": {"answering": 5, "awaited": 5},
        "report": done,
        "lanes": lanes,
    }


def _result(game: list[str]) -> str:
    board = chess.Board()
    for move in game:
        board.push_uci(move)
    return board.result()
