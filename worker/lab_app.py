"""Makes Celery apps that take no broker and no settings from the environment.

Celery prefers CELERY_BROKER_URL and similar variables to the broker that an app was given, and takes its
loader and a module of settings from the environment, too. Where another project has set them, jobs would go
to that project's broker. These apps keep to the broker and the settings that they are made with.
"""

from __future__ import annotations

import uuid
from typing import Any

from celery import Celery
from celery.app import control
from celery.loaders.app import AppLoader
from kombu import pidbox

#: The limits of a message's size: no job and no answer needs more, and whoever can write to the broker can
#: send as much as it holds. simul's own messages are never compressed, and 15 KiB may unpack to 2 GB.
BOUNDS = {"max_message_bytes": 4 * 1024 * 1024, "max_unpacked_bytes": 0}


class Loader(AppLoader):
    """Loads tasks, and no settings: no CELERY_CONFIG_MODULE, no celeryconfig.py."""

    def read_configuration(self, *_: Any, **__: Any) -> None:
        """Read no settings."""


class Mailbox(pidbox.Mailbox):
    """Gives each question to the workers a name, so that a late answer is not taken for one to the next."""

    #: The name of one question, to which the answers are addressed.
    oid = ""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        #: The beginning of every such name.
        self.asker = uuid.uuid4().hex

    def __call__(self, connection: Any) -> Any:
        """Bind the mailbox to a connection, with a new name for the next question."""
        bound = super().__call__(connection)
        bound.oid = f"{self.asker}-{uuid.uuid4().hex}"
        return bound


class Control(control.Control):
    """Gives Celery's remote control mailboxes that name their questions."""

    Mailbox = Mailbox


class LabApp(Celery):
    """Uses the broker and the settings that it was given, and has no result backend."""

    #: Named here, it goes before CELERY_RESULT_BACKEND.
    backend_cls = "disabled"
    control_cls = Control
    #: Celery's own would set up the project of DJANGO_SETTINGS_MODULE.
    builtin_fixups = frozenset[str]()

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **{**options, "loader": Loader})

    def connection_for_read(self, url: str | None = None, **options: Any) -> Any:
        """Open a connection to the broker, to consume."""
        return super().connection_for_read(url or self._own_broker, **options)

    def connection_for_write(self, url: str | None = None, **options: Any) -> Any:
        """Open a connection to the broker, to publish."""
        return super().connection_for_write(url or self._own_broker, **options)

    def connection(self, hostname: str | None = None, *arguments: Any, **options: Any) -> Any:
        """Open a connection to the broker."""
        return super().connection(hostname or self._own_broker, *arguments, **options)

    @property
    def _own_broker(self) -> str:
        broker: str = self.conf["broker_url"]  # as an attribute it would be the environment's
        return broker
