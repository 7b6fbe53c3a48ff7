"""`simul judit`."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from producer.cli import judit_options, options
from producer.cli.console import bar, say, stdout, tell
from producer.exhibition import timetable as exhibition
from producer.printable import json_text
from producer.system import interrupts
from producer.workloads import DEFAULT_SEED
from worker import settings
from worker.errors import InvalidJobError, NothingMeasuredError, ResultError

if TYPE_CHECKING:
    from producer.exhibition.held import Held
    from producer.exhibition.hold import Plan


#: What the two numbers have no use for, and what real games have none for.
OF_GAMES = ("judits", "seed", "race", "pgn", "broker", "workers", "awaited", "transport", "as_json")
OF_TWO_NUMBERS = ("design",)


def judit(
    context: typer.Context,
    design: judit_options.ExhibitionDesign = "asyncio",
    ways: judit_options.Players = None,
    judits: judit_options.Judits = 1,
    hour: judit_options.Hour = 1.0,
    opponents: judit_options.Opponents = exhibition.OPPONENTS,
    moves: judit_options.Moves = exhibition.MOVES,
    seed: options.Seed = DEFAULT_SEED,
    race: judit_options.Race = False,
    pgn: judit_options.Pgn = None,
    broker: options.BrokerUrl = None,
    workers: options.Workers = "spawn",
    awaited: options.Await = "",
    transport: options.Transport = settings.TRANSPORTS[0],
    as_json: options.Json = False,
    quiet: options.Quiet = False,
) -> None:
    """Hold the exhibition: Judit Polgár against amateurs, an hour scaled to a second."""
    if ways is None:
        _refuse(context, OF_GAMES, "for real games: say who plays, --with")
        _two_numbers(design, hour, opponents, moves, quiet)
        return

    _refuse(context, OF_TWO_NUMBERS, "for the two numbers: leave it out, --with says who plays")
    from producer.exhibition.hold import Plan
    from producer.exhibition.lane import parse_lanes
    from producer.exhibition.program import Program
    from producer.show.terminal.exhibition import as_plain, show_exhibition

    plan = Plan(
        program=Program(opponents, moves, hour, judits, seed),
        lanes=parse_lanes(ways, opponents),
        race=race,
        broker_url=broker,
        external=workers == "external",
        awaited=[host.strip() for host in awaited.split(",") if host.strip()],
        transport=transport,
    )
    if pgn:
        _require_writable(pgn)
    lanes = _hold(plan, quiet)
    if as_json:
        print(json_text(as_plain(lanes, plan.program)))
    else:
        console = stdout()
        console.print(show_exhibition(lanes, plan.program, console.width))
    valid = [held for held in lanes if held.played and not held.problems]
    if pgn and valid:
        _write_games(plan, valid[0], pgn, quiet)
    if len(valid) < len(lanes):
        held = next(held for held in lanes if held.problems)
        if not valid:
            raise NothingMeasuredError(f"nobody played to the end: {held.lane.name}: {held.problems[0]}")
        raise typer.Exit(1)


def _refuse(context: typer.Context, names: Sequence[str], why: str) -> None:
    """Refuse options of the command line that nothing would come of; a variable may be meant for others."""
    written = [
        option.opts[0]
        for option in context.command.params
        if option.name in names and _is_written(context, option.name)
    ]
    if written:
        raise InvalidJobError(f"{', '.join(written)} {'are' if len(written) > 1 else 'is'} {why}")


def _is_written(context: typer.Context, name: str) -> bool:
    source = context.get_parameter_source(name)
    return source is not None and source.name == "COMMANDLINE"


def _hold(plan: Plan, quiet: bool) -> list[Held]:
    from producer.exhibition.hold import hold
    from producer.exhibition.progress import ProgressWatcher
    from producer.exhibition.published import PublishingWatcher

    total = sum(plan.program.plies)
    try:
        with (
            PublishingWatcher(plan) as published,
            bar("half-moves", total * len(plan.lanes), quiet) as advance,
        ):
            return hold(plan, ProgressWatcher(published, advance, say if not quiet else lambda _: None))
    except KeyboardInterrupt:
        say("Interrupted: the games are broken off.")
        raise typer.Exit(interrupts.EXIT_CODE) from None


def _require_writable(path: Path) -> None:
    if path.is_dir() or not path.resolve().parent.is_dir():
        raise ResultError(f"{path} cannot be written (--pgn): name a file in a directory that is there")


def _write_games(plan: Plan, held: Held, path: Path, quiet: bool) -> None:
    from producer.exhibition.pgn import write_games

    try:
        path.write_text(write_games(plan.program, held.lane.name), encoding="utf-8")
    except OSError as error:
        raise ResultError(f"{path} cannot be written (--pgn): {error.strerror}") from None
    if not quiet:
        say(f"{len(held.games)} games are in {path}")


def _two_numbers(design: str, hour: float, opponents: int, moves: int, quiet: bool) -> None:
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
