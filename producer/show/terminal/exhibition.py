"""The table of `simul judit --with`: how long each way took and must take, and where the rest went."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from functools import partial
from typing import Any, NamedTuple

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from producer.exhibition.account import PARTS
from producer.exhibition.held import Held
from producer.exhibition.program import Program
from producer.exhibition.sentences import difference, title, what_is_seen
from producer.printable import notes, printable
from producer.show.terminal.fitting import MAX_WIDTH, new_table, split_to_fit
from producer.words import counted


class Column(NamedTuple):
    """A column: its head, and what stands in it for each lane."""

    head: str
    cells: list[str]


def show_exhibition(lanes: Sequence[Held], program: Program, width: int = MAX_WIDTH) -> RenderableType:
    """Show what came of an exhibition."""
    half_moves = sum(program.plies)
    ended = sum(len(game.moves) < 2 * program.moves for game in program.games)
    early = f", {counted(ended, 'game')} over early" if ended else ""
    parts: list[RenderableType] = [
        Text.assemble(
            (title(program), "bold"),
            (f"  {half_moves:,} half-moves{early}; seed {program.seed}", "dim"),
        )
    ]
    parts += split_to_fit(_columns(lanes), partial(_table, lanes), min(width, MAX_WIDTH))
    seen: dict[str, list[str]] = {}
    for held in lanes:
        if not held.problems:
            seen.setdefault(what_is_seen(held, program), []).append(held.lane.name)
    parts += notes([f"{', '.join(names)}: {sentence}" for sentence, names in seen.items()])
    for held in lanes:
        remarks = held.played.remarks if held.played else []
        parts += notes([f"{held.lane.name}: {line}" for line in remarks], "yellow")
        parts += notes([f"{held.lane.name}: {line}" for line in held.problems], "red")
    return Group(*parts)


def as_plain(lanes: Sequence[Held], program: Program) -> dict[str, Any]:
    """Return it as plain types, for other programs; times in seconds."""
    return {
        "opponents": program.opponents,
        "moves": program.moves,
        "judits": program.judits,
        "hour_s": program.hour_s,
        "seed": program.seed,
        "half_moves": sum(program.plies),
        "lanes": [
            {
                "name": held.lane.name,
                "in_turn": held.lane.in_turn,
                "slots": held.played.slots if held.played else held.lane.spec.total_slots,
                "judits": held.played.judits if held.played else None,
                "startup_s": held.startup_s,
                "ideal_s": held.ideal_s,
                "measured_s": held.played.measured_s if held.played else None,
                "account": asdict(held.account) if held.account else None,
                "problems": held.problems,
                "remarks": held.played.remarks if held.played else [],
            }
            for held in lanes
        ],
    }


def _columns(lanes: Sequence[Held]) -> list[Column]:
    over_broker = any(held.lane.spec.celery_pool for held in lanes)
    columns = [
        Column("way", [held.lane.name for held in lanes]),
        Column("ideal", [f"{held.ideal_s:.3f} s" for held in lanes]),
        Column("measured", [f"{held.played.measured_s:.3f} s" if held.played else "–" for held in lanes]),
        Column("difference", [_percent(difference(held)) for held in lanes]),
        *(
            Column(part, [_seconds(held.account.parts[part] if held.account else None) for held in lanes])
            for part in PARTS
        ),
    ]
    ready = Column("ready after", [f"{held.startup_s:.1f} s" for held in lanes])
    return [*columns, ready] if over_broker else columns


def _table(lanes: Sequence[Held], columns: Sequence[Column]) -> Table:
    table = new_table()
    for column in columns:
        table.add_column(column.head, justify="left" if column.head == "way" else "right", no_wrap=True)
    for row, held in enumerate(lanes):
        cells = [Text(printable(column.cells[row])) for column in columns]
        table.add_row(*cells, style="red" if held.problems else "")
    return table


def _seconds(value: float | None) -> str:
    return "–" if value is None else f"{value:+.3f} s"


def _percent(value: float | None) -> str:
    return "–" if value is None else f"{100 * value:+.1f} %"
