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

if TYPE_CHECKING:
    from producer.contenders.celery_workers.maker import WorkersMaker


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
        if spec.name.is_peer:
            from producer.contenders.peers.contender import PeerContender

            plan = self._plan
            return PeerContender(spec, self._broker, plan.data_root, self._reaper, plan.variables)
        if not spec.celery_pool:
            return DesignContender(spec, self._plan.data_root, self._reaper, self._plan.variables)
        return self._workers.make(spec)

    @property
    def transport(self) -> str | None:
        """What carries messages to the workers; None as long as nobody has asked external ones."""
        if not self._plan.external:
            return self._plan.transport
        return self._workers.fleet.transport if "_workers" in vars(self) else None  # made when first wanted

    @cached_property
    def _workers(self) -> WorkersMaker:
        # Not loaded at the top: a comparison of designs alone needs no Celery.
        from producer.contenders.celery_workers.maker import WorkersMaker

        plan = self._plan
        return WorkersMaker(
            broker=self._broker,
            reaper=self._reaper,
            external=plan.external,
            awaited=plan.awaited,
            awaiting=self._awaiting,
            data_root=plan.data_root,
            transport=plan.transport,
            variables=plan.variables,
        )
