"""Makes Celery workers over one broker: those that the lab starts, and those that others have started."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from celery import Celery

from producer.contenders.celery_workers.external import ExternalWorkers, Fleet
from producer.contenders.celery_workers.send import producer_app
from producer.contenders.celery_workers.spawned import SpawnedWorkers
from producer.contenders.spec import Spec
from producer.system.broker import Broker
from producer.system.reaper import Reaper
from producer.system.traces import Traces
from worker.settings import PROJECT_DATA, TRANSPORTS


@dataclass(frozen=True, kw_only=True)
class WorkersMaker:
    """Makes them with one app for all, by which they are sent to and asked."""

    broker: Broker
    reaper: Reaper
    #: Whether somebody else has started the workers, and the hosts of those that are awaited.
    external: bool
    awaited: Sequence[str] = ()
    #: Called with the external workers that answer, and how many are awaited (0: nobody said).
    awaiting: Callable[[int, int], None] = lambda *_: None
    #: What those that the lab starts have around them.
    data_root: Path = PROJECT_DATA
    transport: str = TRANSPORTS[0]
    variables: Mapping[str, str] = field(default_factory=dict)

    def make(self, spec: Spec) -> SpawnedWorkers | ExternalWorkers:
        """Make the workers of a contender; nothing is started."""
        if self.external:
            return ExternalWorkers(spec, self.broker, self.app, self.fleet, self.reaper)
        return self.spawned(spec)

    def spawned(self, spec: Spec) -> SpawnedWorkers:
        """Make workers that the lab starts, whoever has started the others."""
        return SpawnedWorkers(
            *(spec, self.broker, self.app, self.data_root, self.reaper, self.transport, self.variables)
        )

    @cached_property
    def app(self) -> Celery:
        """The app that sends and asks."""
        app = producer_app(self.broker.url)
        self.reaper.add_traces(Traces(asker=app.control.mailbox.asker))
        return app

    @cached_property
    def fleet(self) -> Fleet:
        """The workers that others have started; they are asked once."""
        return Fleet(self.app, self.awaited, self.awaiting)
