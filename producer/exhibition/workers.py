"""Makes the workers of an exhibition: Judit's, which the lab starts, and the opponents'."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import TYPE_CHECKING

from celery import Celery

from producer.contenders.celery_workers.external import ExternalWorkers, Fleet
from producer.contenders.celery_workers.send import producer_app
from producer.contenders.celery_workers.spawned import SpawnedWorkers
from producer.contenders.spec import Spec
from producer.exhibition.lane import Lane
from producer.exhibition.over_celery import OverCelery, Workers
from producer.system.broker import Broker
from producer.system.reaper import Reaper
from producer.system.traces import Traces
from worker.settings import PROJECT_DATA

if TYPE_CHECKING:
    from producer.exhibition.hold import Plan

#: Judit's workers: each has one slot. While she thinks, the next board comes, and the last is acknowledged.
JUDIT = "celery:threads"
#: Where there are several, none reserves boards that another is free for.
ONE_AT_A_TIME = (("prefetch", "1"),)


class WorkersFactory:
    """Makes the players of lanes over Celery.

    `awaiting` is called with the external workers that answer, and how many are awaited (0: nobody said).
    """

    def __init__(
        self, plan: Plan, broker: Broker, reaper: Reaper, awaiting: Callable[[int, int], None]
    ) -> None:
        self._plan = plan
        self._broker = broker
        self._reaper = reaper
        self._awaiting = awaiting

    def make(self, lane: Lane) -> OverCelery:
        """Make the players of a lane; nothing is started."""
        judits = self._plan.program.judits
        judit = Spec(JUDIT, 1, judits, options=ONE_AT_A_TIME if judits > 1 else ())
        return OverCelery(
            self._plan.program,
            lane.in_turn,
            self._app,
            self._broker.url,
            self._spawned(judit),
            self._opponents(lane.spec),
            self._reaper,
        )

    def _opponents(self, spec: Spec) -> Workers:
        if self._plan.external:
            return ExternalWorkers(spec, self._broker, self._app, self._fleet, self._reaper)
        return self._spawned(spec)

    def _spawned(self, spec: Spec) -> SpawnedWorkers:
        return SpawnedWorkers(spec, self._broker, self._app, PROJECT_DATA, self._reaper, self._plan.transport)

    @cached_property
    def _app(self) -> Celery:
        app = producer_app(self._broker.url)
        self._reaper.add_traces(Traces(asker=app.control.mailbox.asker))
        return app

    @cached_property
    def _fleet(self) -> Fleet:
        return Fleet(self._app, self._plan.awaited, self._awaiting)
