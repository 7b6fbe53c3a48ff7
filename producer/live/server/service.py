"""Serves the page until it is told to end: the web server, and everything that goes on beside it."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import signal
import socket
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import uvicorn

from producer.contenders.spec import Spec
from producer.exhibition.lane import playing_ways
from producer.lesson.offer import offer_lessons
from producer.live.server import looks
from producer.live.server.app import Parts, make_app
from producer.live.server.connection import Prompt
from producer.live.server.guard import names_of
from producer.live.server.hub import Hub
from producer.live.server.reader import Reader
from producer.live.server.runs import Runs
from producer.live.server.shown import Shown
from producer.system.interrupts import SIGNALS
from producer.system.reaper import Reaper
from worker.errors import UnavailableError

#: How long connections have to end with the server, in seconds.
CLOSE_S = 1
#: Connections at the same time: those of `hub.MOST_BROWSERS`, and room for whoever comes to be refused.
MOST_CONNECTIONS = 256


@dataclass(frozen=True, slots=True)
class Service:
    """What is to be served, and to whom."""

    #: Bound and not yet listening.
    listener: socket.socket
    host: str
    broker_url: str = field(repr=False)
    token: str = field(repr=False)
    #: Where runs leave their results; they go with it.
    directory: Path
    data_root: Path
    reaper: Reaper
    #: More names of this server's.
    allowed: Collection[str] = ()


def bind(host: str, port: int) -> socket.socket:
    """Take the port of an address of this machine's.

    Raises:
        UnavailableError: it is taken, or the address is none of this machine's.
    """
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        listener = socket.socket(family, kind, protocol)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind(address)
            listener.listen()
        except OSError:
            listener.close()
            raise
    except OSError as error:
        why = (error.strerror or str(error)).lower()
        raise UnavailableError(
            f"port {port} of {host} cannot be had (listen): {why}. Choose another with --port or --host."
        ) from None
    return listener


def serve(service: Service) -> None:
    """Serve until a signal ends it; then end the run that goes on, and all that was started."""
    asyncio.run(_serve(service))


async def _serve(service: Service) -> None:
    playing = [way for way in playing_ways() if not Spec(way, 1).unavailable()]
    shown = Shown(playing, list(offer_lessons(service.data_root)))
    hub = Hub(shown.snapshot)
    reader = Reader(service.broker_url, shown, hub)
    runs = Runs(service.broker_url, service.directory, service.reaper, shown, hub)
    parts = Parts(hub, reader, runs, service.token, service.data_root)
    server = _Server(
        uvicorn.Config(
            make_app(parts, names_of(service.host, service.allowed)),
            lifespan="off",
            ws="none",
            http=Prompt,
            loop="asyncio",
            log_config=None,
            access_log=False,
            server_header=False,
            proxy_headers=False,
            limit_concurrency=MOST_CONNECTIONS,
            timeout_graceful_shutdown=CLOSE_S,
        )
    )
    # What it would say is of browsers that went, or were dropped.
    logging.getLogger("uvicorn").setLevel(logging.CRITICAL + 1)
    with _ended_by_signals() as told:
        async with asyncio.TaskGroup() as group:
            serving = group.create_task(server.serve(sockets=[service.listener]))
            others = [
                group.create_task(work)
                for work in (
                    reader.run(),
                    runs.run(),
                    hub.beat(),
                    looks.follow_depths(service.broker_url, shown, hub),
                    looks.follow_workers(service.broker_url, service.reaper, shown, hub),
                )
            ]
            await told.wait()
            hub.close()
            server.should_exit = True
            await serving
            for other in others:
                other.cancel()


class _Server(uvicorn.Server):
    """Uvicorn's server, which leaves signals to others."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


@contextlib.contextmanager
def _ended_by_signals() -> Iterator[asyncio.Event]:
    """Have signals set an event as long as this context, and no longer interrupt what goes on."""
    told, loop = asyncio.Event(), asyncio.get_running_loop()
    before = {number: signal.getsignal(number) for number in SIGNALS}
    answered = [number for number, handler in before.items() if handler is not signal.SIG_IGN]
    for number in answered:
        loop.add_signal_handler(number, told.set)
    try:
        yield told
    finally:
        for number in answered:
            loop.remove_signal_handler(number)
            signal.signal(number, before[number])
