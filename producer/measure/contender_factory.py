"""Makes the contenders of a comparison: designs and Celery workers."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import TYPE_CHECKING

from producer.contenders.designs.contender import DesignContender
from producer.contenders.protocol import Contender
from producer.contenders.spec import Spec
from producer.measure.plan import Plan
from producer.system.broker import Broker
from producer.system.reaper import Reaper
from producer.system.traces import Traces

# The modules of Celery workers are not loaded at the top: a comparison of designs alone needs no Celery.
if TYPE_CHECKING:
    from celery import Celery

    from producer.contenders.celery_workers.external import Fleet


class ContenderFactory:
    """Makes the contenders of a plan, over one broker.

    `awaiting` is called with the external workers that answer, and how many are awaited (0: nobody said).
    """

    def __init__(
        self, plan: Plan, broker: Broker, reaper: Reaper, awaiting: Callable[[int, int], None]
    ) -> None:
        self._plan = plan
        self._broker = broker
        self._reaper = reaper
        self._awaiting = awaiting

    def make(self, spec: Spec) -> Contender:
        """Make a contender of the plan's; it is not started."""
        if not spec.celery_pool:
            return DesignContender(spec, self._plan.data_root, self._reaper, self._plan.variables)
        if self._plan.external:
            from producer.contenders.celery_workers.external import ExternalWorkers

            return ExternalWorkers(spec, self._broker, self._app, self._fleet, self._reaper)
        from producer.contenders.celery_workers.spawned import SpawnedWorkers

        options = (self._plan.data_root, self._reaper, self._plan.transport, self._plan.variables)
        return SpawnedWorkers(spec, self._broker, self._app, *options)

    @property
    def transport(self) -> str | None:
        """What carries messages to the workers; None as long as nobody has asked external ones."""
        if not self._plan.external:
            return self._plan.transport
        return self._fleet.transport if "_fleet" in vars(self) else None  # made when it is first wanted

    @cached_property
    def _app(self) -> Celery:
        from producer.contenders.celery_workers.send import producer_app

        app = producer_app(self._broker.url)
        self._reaper.add_traces(Traces(asker=app.control.mailbox.asker))
        return app

    @cached_property
    def _fleet(self) -> Fleet:
        from producer.contenders.celery_workers.external import Fleet

        return Fleet(self._app, self._plan.awaited, self._awaiting)
