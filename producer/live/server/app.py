"""The routes: the page, the events, the runs that are asked for, the reports of those that have ended."""

from __future__ import annotations

import asyncio
import gzip
import io
import logging
import zlib
from dataclasses import dataclass
from pathlib import Path

import redis
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from producer.live.feed import ID_FORM, MOST_REPORT
from producer.live.page.document import write_document
from producer.live.server import requests
from producer.live.server.guard import Guard, has_token
from producer.live.server.hub import Hub
from producer.live.server.places import without_paths
from producer.live.server.reader import Reader
from producer.live.server.runs import MOST_WAITING, Runs
from worker.errors import SimulError

logger = logging.getLogger(__name__)

#: How long a request may take to arrive, in seconds.
ARRIVE_S = 10.0
#: A report is a page of scripts, out of a Redis where others may write: it gets an origin of its own, that of
#: nobody, which reads nothing of this page's and fetches nothing.
REPORT_POLICY = (
    "sandbox allow-scripts allow-downloads; default-src 'none'; style-src 'unsafe-inline'; "
    "script-src 'unsafe-inline'; img-src data: blob:; frame-ancestors 'self'"
)


@dataclass(frozen=True, slots=True)
class Parts:
    """What the routes answer from."""

    hub: Hub
    reader: Reader
    runs: Runs
    token: str
    data_root: Path


def make_app(parts: Parts, names: set[str]) -> ASGIApp:
    """Make the app; it answers to these names alone (see `guard`)."""
    document = write_document()

    async def page(_: Request) -> Response:
        headers = {"Content-Security-Policy": document.policy}
        return Response(document.html, media_type="text/html", headers=headers)

    async def report(request: Request) -> Response:
        id_ = request.path_params["id"]
        try:
            packed = await parts.reader.report(id_) if ID_FORM.fullmatch(id_) else None
        except (redis.RedisError, OSError):
            raise HTTPException(503, "the broker, which has the report, does not answer") from None
        body = await asyncio.to_thread(_unpack, packed) if packed else None
        if body is None:
            raise HTTPException(404, "there is no such report: it is kept for a day")
        headers = {"Content-Security-Policy": REPORT_POLICY, "X-Frame-Options": "SAMEORIGIN"}
        return Response(body, media_type="text/html", headers=headers)

    async def add(request: Request) -> Response:
        _require_token(request, parts.token)
        if request.headers.get("content-type", "").partition(";")[0].strip() != "application/json":
            raise HTTPException(415, "a run is asked for in JSON (Content-Type: application/json)")
        body = await _body(request)
        if parts.runs.full:
            raise HTTPException(429, f"{MOST_WAITING} runs wait already: wait until one has ended")
        try:
            asked = await asyncio.to_thread(requests.read, body, parts.data_root)
        except SimulError as error:
            raise HTTPException(400, without_paths(str(error))) from None
        if parts.runs.full:  # meanwhile
            raise HTTPException(429, f"{MOST_WAITING} runs wait already: wait until one has ended")
        id_, place = parts.runs.add(asked)
        return JSONResponse({"id": id_, "place": place}, 201)

    async def stop(request: Request) -> Response:
        _require_token(request, parts.token)
        if not parts.runs.stop(request.path_params["id"]):
            raise HTTPException(404, "no such run waits or goes on here: what others started, they stop")
        return JSONResponse({})

    routes = [
        Route("/", page),
        Route("/events", _Events(parts.hub)),
        Route("/runs", add, methods=["POST"]),
        Route("/runs/{id}/stop", stop, methods=["POST"]),
        Route("/reports/{id}", report),
    ]
    handlers = {HTTPException: _explain, Exception: _explain}
    return Guard(Starlette(routes=routes, exception_handlers=handlers), names)


class _Events:
    """The stream of events, as an app: a class, or the router would take it for a function of a request."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["method"] != "GET":
            raise HTTPException(405, "the events are read (GET)")
        if self._hub.full:
            raise HTTPException(503, "as many browsers watch as may: close one")
        await self._hub.stream(receive, send)


def _require_token(request: Request, token: str) -> None:
    if not has_token(request.headers, token):
        raise HTTPException(401, "this needs the token that `simul live` has printed with its address")


async def _body(request: Request) -> bytes:
    body = bytearray()
    try:
        async with asyncio.timeout(ARRIVE_S):
            async for chunk in request.stream():
                body += chunk
                if len(body) > requests.MOST_BYTES:
                    raise HTTPException(413, f"a request has up to {requests.MOST_BYTES:,} bytes")
    except TimeoutError:
        raise HTTPException(408, f"the request did not arrive in {ARRIVE_S:.0f} s") from None
    return bytes(body)


def _unpack(packed: bytes) -> bytes | None:
    """Unpack a report; None where it is none, for others can write to Redis, too."""
    try:
        with gzip.open(io.BytesIO(packed)) as file:
            body = file.read(MOST_REPORT + 1)
    except (OSError, EOFError, zlib.error):
        return None
    return body if len(body) <= MOST_REPORT else None


async def _explain(request: Request, error: Exception) -> Response:
    """Answer with one line."""
    if isinstance(error, HTTPException):
        return JSONResponse({"error": error.detail}, error.status_code)
    logger.error("%s %s failed", request.method, request.url.path, exc_info=error)
    return JSONResponse({"error": "the server has a fault: it has printed which"}, 500)
