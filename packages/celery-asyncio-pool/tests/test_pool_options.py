"""Options, and what they choose: the loop and its selector."""

from __future__ import annotations

import asyncio
import selectors
import socket
from typing import Any

import pytest
from celery.exceptions import ImproperlyConfigured

from celery_asyncio_pool import options
from celery_asyncio_pool.options import Options

PATIENCE_S = 30.0


def test_options_have_defaults() -> None:
    assert Options.read({}) == Options(uvloop=False, plain="thread", slow_s=0.05, drain_s=None)


def test_options_come_from_the_environment() -> None:
    environ = {
        "CELERY_AIO_UVLOOP": "1",
        "CELERY_AIO_PLAIN": "loop",
        "CELERY_AIO_SLOW_MS": "0",
        "CELERY_AIO_DRAIN_S": "2.5",
    }
    assert Options.read(environ) == Options(uvloop=True, plain="loop", slow_s=0.0, drain_s=2.5)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("CELERY_AIO_PLAIN", "fork"),
        ("CELERY_AIO_SLOW_MS", "soon"),
        ("CELERY_AIO_SLOW_MS", "-1"),
        ("CELERY_AIO_DRAIN_S", "inf"),
        ("CELERY_AIO_DRAIN_S", "nan"),
    ],
)
def test_a_senseless_option_is_named(name: str, value: str) -> None:
    with pytest.raises(ImproperlyConfigured, match=f"{name}.*{value}"):
        Options.read({name: value})


def test_uvloop_is_not_replaced_in_silence(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(name: str) -> Any:
        raise ImportError(name)

    monkeypatch.setattr(options, "import_module", missing)
    with pytest.raises(ImproperlyConfigured, match="uvloop is not installed"):
        Options(uvloop=True).choose_loop()
    loop = Options().choose_loop()()
    assert isinstance(loop, asyncio.SelectorEventLoop)
    loop.close()


@pytest.mark.skipif(not hasattr(selectors, "EpollSelector"), reason="only Linux has epoll")
def test_the_precise_selector_selects() -> None:
    from celery_asyncio_pool.selector import PreciseSelector

    reader, writer = socket.socketpair()
    with reader, writer, PreciseSelector() as selector:
        selector.register(reader, selectors.EVENT_READ, "reader")
        for timeout in (0.0002, 0, -1):
            assert selector.select(timeout) == []
        writer.send(b"!")
        for patience in (PATIENCE_S, 0, None):
            [(key, events)] = selector.select(patience)
            assert (key.data, events) == ("reader", selectors.EVENT_READ)
