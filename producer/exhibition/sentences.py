"""Says in one sentence what an exhibition shows: of a lane while it is played, and of where its time went."""

from __future__ import annotations

from producer.exhibition.held import Held
from producer.exhibition.program import Program
from producer.exhibition.timetable import JUDIT_S, OPPONENT_S
from producer.words import counted

#: A part of the difference is worth a word from so much of the ideal on.
NOTABLE = 0.002


def what_is_seen(held: Held, program: Program) -> str:
    """Say what one sees in this lane."""
    judits, slots = program.judits, held.lane.spec.total_slots
    who = "Judit" if judits == 1 or held.lane.spec.way == "serial" else f"each of {judits} Judits"
    if held.lane.in_turn:
        return (
            f"One game after the other: {who} sits at a board until its game is over, and waits while her "
            f"opponent thinks, {OPPONENT_S} of the {JUDIT_S + OPPONENT_S} seconds of each move."
        )
    enough = -(-judits * OPPONENT_S // JUDIT_S)
    if slots < min(program.opponents, enough):
        are_enough = program.opponents >= enough
        many = f"{enough} would keep {who} busy" if are_enough else f"{program.opponents} play"
        return (
            f"From table to table, but only {counted(slots, 'opponent')} can think at once, where {many}: "
            f"boards wait for a slot, and {who} waits for boards."
        )
    if program.opponents < enough:
        return (
            f"From table to table, but {counted(program.opponents, 'opponent')} cannot keep {who} busy, "
            f"which takes {enough}: she soon has moved everywhere, and waits for an answer."
        )
    return (
        f"From table to table: while up to {counted(min(slots, program.opponents), 'opponent')} think, {who} "
        "makes a move elsewhere, and need not wait for any of them."
    )


def where_it_went(held: Held) -> str:
    """Say what the difference to the ideal consists of; empty where there is nothing to say."""
    if held.account is None or abs(held.account.total_s - held.ideal_s) < NOTABLE * held.ideal_s:
        return ""
    parts = {
        "messages": held.account.messages_s,
        "waiting in queues": held.account.queue_s,
        "start-up": held.account.startup_s,
        "longer thoughts (timers, computing)": held.account.overshoot_s,
        "another order of the boards": held.account.order_s,
    }
    notable = {what: part for what, part in parts.items() if abs(part) >= NOTABLE * held.ideal_s}
    return ", ".join(f"{what} {part:+.3f} s" for what, part in notable.items())


def difference(held: Held) -> float | None:
    """Return by how much more than the ideal it took, as a fraction; None where it broke off."""
    if held.played is None or held.account is None:
        return None
    return held.played.measured_s / held.ideal_s - 1


def title(program: Program) -> str:
    """Name an exhibition by its numbers."""
    judits = "" if program.judits == 1 else f", {program.judits} Judits"
    return (
        f"{counted(program.opponents, 'game')}, {counted(program.moves, 'move')} each{judits}, "
        f"an hour in {program.hour_s:g} s"
    )
