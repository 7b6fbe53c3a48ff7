"""Reads the environment into one frozen object. Nothing else in `worker` reads it but `start` and `ready`."""

from __future__ import annotations

import math
import os
import ssl
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from worker.address import parse
from worker.errors import SettingsError

#: Where a broker is looked for when nobody says where: a worker started by hand beside a local Redis.
DEFAULT_BROKER_URL = "redis://127.0.0.1:6379/0"
#: What Celery calls our asyncio pool (an environment variable of Celery's own names it).
ASYNCIO_POOL = "celery_asyncio_pool:TaskPool"
#: Longer than any job of a workload takes (a fraction of a second). Shorter than the time after which others
#: take a job for abandoned: a minute without a record, half a minute where Compose has kombu's transport.
JOB_LIMIT_S = 25.0
#: The longest time that can be asked for, in seconds: 23 days. The system waits for no longer at a time.
MOST_S = 2_000_000
#: Together with what Celery needs afterwards, shorter than the 10 s that Docker waits before it kills.
GRACE_S = 5.0
#: The name of the only task, as messages carry it.
TASK_NAME = "simul.do"
#: The header in which a message carries when it was received, from the worker's consumer to the slot.
RECEIVED = "simul_received_ns"
#: What Celery calls the transport that loses nothing.
RELIABLE_TRANSPORT = "celery_reliable_redis:Transport"
#: What can carry messages; the first is the default.
TRANSPORTS: tuple[Literal["reliable"], Literal["stock"]] = ("reliable", "stock")
#: When a message is dropped from the broker: after its job is done, or before it is begun.
ACKS: tuple[Literal["late"], Literal["early"]] = ("late", "early")
#: The commands from afar that change a worker: each is refused unless SIMUL_REMOTE_CONTROL names it.
REMOTE_CONTROLS = (
    *("add_consumer", "autoscale", "cancel_consumer", "disable_events", "election", "enable_events", "hello"),
    *("pool_grow", "pool_restart", "pool_shrink", "rate_limit", "revoke", "revoke_by_stamped_headers"),
    *("shutdown", "terminate", "time_limit"),
)
#: Where the packages `producer` and `worker` are. Processes are started here: Python and Celery look for
#: modules in their working directory first, where a user may have a `worker.py` of another kind.
PROJECT = Path(__file__).resolve().parent.parent
#: The 120 files that come with the project.
PROJECT_DATA = PROJECT / "data"


@dataclass(frozen=True, slots=True)
class Settings:
    """The settings of a worker. Each has an environment variable, named in `read`."""

    #: Address of the broker: redis:// or rediss://, as `address` understands it.
    broker_url: str = field(repr=False)  # it holds a password
    #: The directory below which file checks may read.
    data_root: Path
    #: Seconds after which the stock transport hands an unacknowledged message to another worker.
    visibility_timeout_s: float
    #: Seconds that one job may take; see `worker.deadline`.
    job_limit_s: float
    #: Seconds that running jobs have to end when their worker is told to stop.
    grace_s: float
    #: What carries messages: "reliable" (ours, see docs/transport.md) or "stock" (kombu's own).
    transport: str = TRANSPORTS[0]
    #: When messages are acknowledged, one of `ACKS`.
    acks: str = ACKS[0]
    #: Which of `REMOTE_CONTROLS` anybody who can write to the broker may use.
    remote_controls: frozenset[str] = frozenset()

    @classmethod
    def read(cls, environ: Mapping[str, str] = os.environ) -> Settings:
        """Read the settings that `environ` describes.

        Raises:
            SettingsError: a time is no positive number of seconds, there is no such transport, SIMUL_ACKS is
                neither late nor early, or SIMUL_REMOTE_CONTROL names an unknown command.
            BrokerUnavailableError: SIMUL_BROKER_URL is no address.
        """
        return cls(
            broker_url=parse(environ.get("SIMUL_BROKER_URL") or DEFAULT_BROKER_URL).url,
            data_root=Path(os.path.realpath(environ.get("SIMUL_DATA") or PROJECT_DATA)),
            visibility_timeout_s=_seconds(environ, "SIMUL_VISIBILITY_TIMEOUT", 3600),
            job_limit_s=_seconds(environ, "SIMUL_JOB_LIMIT", JOB_LIMIT_S),
            grace_s=_seconds(environ, "SIMUL_GRACE", GRACE_S),
            transport=_choice(environ, "SIMUL_TRANSPORT", TRANSPORTS),
            acks=_choice(environ, "SIMUL_ACKS", ACKS),
            remote_controls=remote_controls(environ.get("SIMUL_REMOTE_CONTROL") or ""),
        )


def remote_controls(names: str) -> frozenset[str]:
    """Return the commands that a text names, separated by commas; `all` names all of them.

    Raises:
        SettingsError: no command has that name; the text lists those that exist.
    """
    named = frozenset(name.strip() for name in names.split(",") if name.strip())
    if named == {"all"}:
        return frozenset(REMOTE_CONTROLS)
    if unknown := sorted(named.difference(REMOTE_CONTROLS)):
        raise SettingsError(
            f"no command that changes a worker is called {unknown[0]!r}; there are: "
            f"{', '.join(REMOTE_CONTROLS)}, and all (settings, SIMUL_REMOTE_CONTROL)"
        )
    return named


def _choice(environ: Mapping[str, str], name: str, choices: Sequence[str]) -> str:
    choice = environ.get(name) or choices[0]
    if choice not in choices:
        raise SettingsError(f"{name} is one of {', '.join(choices)}, not {choice!r} (settings)")
    return choice


def _seconds(environ: Mapping[str, str], name: str, default: float) -> float:
    text = environ.get(name) or str(default)
    try:
        seconds = float(text)
    except ValueError:
        seconds = math.nan
    if not 0 < seconds < math.inf:
        raise SettingsError(f"{name} is a number of seconds above 0, not {text!r} (settings)")
    if seconds > MOST_S:
        raise SettingsError(f"{name} is a number of seconds up to {MOST_S:,}, not {text!r} (settings)")
    return seconds


def tls_options(broker_url: str) -> dict[str, Any] | bool:
    """Return the value of Celery's `broker_use_ssl` with which rediss:// checks the broker's certificate.

    Left alone, kombu 5.7 encrypts but takes any certificate, and with a transport that is not its own does
    not even encrypt. What the address itself says, as in `?ssl_ca_certs=ca.crt`, goes before this.
    """
    return {"ssl_cert_reqs": ssl.CERT_REQUIRED} if broker_url.startswith("rediss://") else False
