"""Reads the ETA of a message of Celery's."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import datetime, timezone
from typing import Any


def read_eta_ms(headers: Mapping[str, Any] | None) -> int | None:
    """Return the ETA (protocol 2) in ms since 1970, rounded up; None if there is none.

    As for Celery, a time without a zone is in UTC. What is no time is none here: Celery says what is wrong.
    """
    eta = (headers or {}).get("eta")
    if not isinstance(eta, str):
        return None
    try:
        moment = datetime.fromisoformat(eta[:-1] + "+00:00" if eta.endswith("Z") else eta)
    except ValueError:
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=timezone.utc)
    return math.ceil(moment.timestamp() * 1000)
