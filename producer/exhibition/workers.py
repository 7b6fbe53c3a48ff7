"""Makes the players of a lane over Celery: Judit's workers, which the lab starts, and the opponents'."""

from __future__ import annotations

from producer.contenders.celery_workers.maker import WorkersMaker
from producer.contenders.spec import Spec
from producer.exhibition.lane import Lane
from producer.exhibition.over_celery import OverCelery
from producer.exhibition.program import Program
from producer.exhibition.timetable import JUDIT_S, OPPONENT_S

#: The pool of Judit's workers.
JUDIT = "celery:threads"
#: In each there is one of her. While she thinks in one slot, the move before is recorded in the other, the
#: next one sent, and its message acknowledged.
SLOTS = 2
#: Where there are several, none reserves more boards than it has slots.
NO_MORE = (("prefetch", "1"),)


def make_players(program: Program, lane: Lane, workers: WorkersMaker) -> OverCelery:
    """Make the players of a lane; nothing is started."""
    return OverCelery(
        program,
        lane.in_turn,
        workers.app,
        workers.broker.url,
        workers.spawned(judits(program, lane)),
        workers.make(lane.spec),
        workers.reaper,
    )


def judits(program: Program, lane: Lane) -> Spec:
    """Say which workers Judit has in a lane."""
    if program.judits == 1:
        return Spec(JUDIT, SLOTS)
    slots = SLOTS if _boards_wait(program, lane) else 1
    return Spec(JUDIT, slots, program.judits, options=NO_MORE)


def _boards_wait(program: Program, lane: Lane) -> bool:
    """Whether boards wait for Judits, and no Judit for boards: none takes one that another is free for."""
    boards = min(program.judits, program.opponents) if lane.in_turn else program.opponents
    come_back = boards * JUDIT_S >= program.judits * (JUDIT_S + OPPONENT_S)
    return come_back and lane.spec.total_slots * JUDIT_S >= program.judits * OPPONENT_S
