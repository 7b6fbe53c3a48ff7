"""Makes the players of a lane over Celery: Judit's workers, which the lab starts, and the opponents'."""

from __future__ import annotations

from producer.contenders.celery_workers.maker import WorkersMaker
from producer.contenders.spec import Spec
from producer.exhibition.lane import Lane
from producer.exhibition.over_celery import OverCelery
from producer.exhibition.program import Program

#: Judit's workers: each has one slot. While she thinks, the next board comes, and the last is acknowledged.
JUDIT = "celery:threads"
#: Where there are several, none reserves boards that another is free for.
ONE_AT_A_TIME = (("prefetch", "1"),)


def make_players(program: Program, lane: Lane, workers: WorkersMaker) -> OverCelery:
    """Make the players of a lane; nothing is started."""
    judit = Spec(JUDIT, 1, program.judits, options=ONE_AT_A_TIME if program.judits > 1 else ())
    return OverCelery(
        program,
        lane.in_turn,
        workers.app,
        workers.broker.url,
        workers.spawned(judit),
        workers.make(lane.spec),
        workers.reaper,
    )
