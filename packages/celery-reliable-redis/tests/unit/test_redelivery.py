"""What a message looks like when it goes back."""

from __future__ import annotations

import json
from typing import Any

from celery_reliable_redis.redelivery import mark_redelivered

PAYLOAD: dict[str, Any] = {"headers": {}, "body": "\u4e16" * 1000, "properties": {"delivery_info": {}}}


def test_what_would_be_too_long_with_a_mark_goes_back_without() -> None:
    raw = json.dumps(PAYLOAD, ensure_ascii=False).encode()
    assert mark_redelivered(raw, len(raw) + 100, counted=True).raw == raw
