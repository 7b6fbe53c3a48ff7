"""`simul judit`."""

from __future__ import annotations

from itertools import count

from producer.cli import options
from producer.cli.console import bar, tell
from producer.exhibition import timetable as exhibition


def judit(
    design: options.ExhibitionDesign = "asyncio",
    hour: options.Hour = 1.0,
    opponents: options.Opponents = exhibition.OPPONENTS,
    moves: options.Moves = exhibition.MOVES,
    quiet: options.Quiet = False,
) -> None:
    """Hold the exhibition: Judit Polgár against amateurs, an hour scaled to a second."""
    from producer.exhibition.play import play

    done = count(1)
    with bar("moves", opponents * moves, quiet) as advance:
        played = play(design, hour, opponents, moves, on_move=lambda _: advance(next(done)))
    excess = 100 * (played.measured_s / played.ideal_s - 1)
    tell(f"{design}: {opponents} opponents, {moves} moves each, an hour in {hour:g} s")
    tell(f"ideal     {played.ideal_s:8.3f} s  ({_hours(played.ideal_s / hour)} of the exhibition)")
    tell(f"measured  {played.measured_s:8.3f} s  ({excess:+.1f} %)")


def _hours(hours: float) -> str:
    seconds = round(hours * 3600)
    return f"{seconds // 3600} h {seconds // 60 % 60} min {seconds % 60} s"
