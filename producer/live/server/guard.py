"""Refuses whoever comes by another name or from another page, and says to browsers what they may do.

A page elsewhere can make a browser send requests here, under a name of its own that it has pointed at this
machine (DNS rebinding). Its requests bear that name as their Host, or that page as their Origin.
"""

from __future__ import annotations

import hmac
import re
from collections.abc import Collection

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

LOOPBACK = ("127.0.0.1", "localhost", "::1")
#: Addresses that stand for all of the machine's.
EVERYWHERE = ("0.0.0.0", "::", "")
_HOST = re.compile(r"(?:\[(?P<six>[0-9a-fA-F:.]+)\]|(?P<name>[^\[\]:@/?#\s]+))(?::\d{1,5})?")
#: What every answer says, unless it says otherwise itself.
HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Cache-Control": "no-store",
}


class Guard:
    """Lets through to `app` what comes by a name of this server's, and from no other page."""

    def __init__(self, app: ASGIApp, names: Collection[str]) -> None:
        self._app = app
        self._names = frozenset(name.lower() for name in names)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        if scope["type"] == "http" and (why := self._refuse(scope)):
            await PlainTextResponse(f"{why}\n", 403)(scope, receive, send_with_headers)
        else:
            await self._app(scope, receive, send_with_headers)

    def _refuse(self, scope: Scope) -> str | None:
        """Say why a request is refused; None where it is not."""
        headers = Headers(scope=scope)
        hosts = headers.getlist("host")
        name = _name(hosts[0]) if len(hosts) == 1 else None
        # An address is nobody's to point elsewhere: that by which this connection came is as good as a name.
        if name is None or name not in (*self._names, (scope.get("server") or ("",))[0]):
            return "this server has another name: start it with --allow-host to give it this one"
        for origin in headers.getlist("origin"):
            if origin.lower() not in {f"{scheme}://{hosts[0].lower()}" for scheme in ("http", "https")}:
                return "requests of other pages are refused"
        return None


def names_of(host: str, more: Collection[str] = ()) -> set[str]:
    """Return the names by which a server that listens on `host` may be called, with those that were added."""
    own = LOOPBACK if host in (*LOOPBACK, *EVERYWHERE) else (host,)
    return {*own, *more}


def has_token(headers: Headers, token: str) -> bool:
    """Whether a request bears the token. How long it takes tells nothing of it."""
    kind, _, given = headers.get("authorization", "").partition(" ")
    return hmac.compare_digest(given.strip().encode(), token.encode()) and kind.lower() == "bearer"


def _name(host: str) -> str | None:
    match = _HOST.fullmatch(host)
    return (match["six"] or match["name"]).lower() if match else None
