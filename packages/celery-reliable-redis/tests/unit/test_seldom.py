"""What anybody can provoke is said once a minute, and how often it was not said."""

from __future__ import annotations

import logging

import pytest

from celery_reliable_redis.seldom import EVERY_S, LINE, Seldom


def test_each_kind_is_said_once_a_minute(caplog: pytest.LogCaptureFixture) -> None:
    now = [0.0]
    seldom = Seldom(logging.getLogger("test"), clock=lambda: now[0])
    for kind in ("a", "a", "b", "a"):
        seldom.warn(kind, f"of kind {kind}")
    assert caplog.messages == ["of kind a", "of kind b"]
    now[0] = EVERY_S
    seldom.warn("a", "again")
    seldom.warn("b", "again")
    more = " (and 2 more of the kind since the last time this was said)"
    assert caplog.messages[2:] == [f"again{more}", "again"]


def test_a_line_is_cut(caplog: pytest.LogCaptureFixture) -> None:
    Seldom(logging.getLogger("test")).warn("a", "x" * 10_000)
    assert caplog.messages == ["x" * LINE]
