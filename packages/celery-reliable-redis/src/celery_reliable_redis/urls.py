"""Reads a broker's URL: kombu passes no scheme on to a transport that is named apart from the URL.

    redis:// rediss:// valkey:// valkeys:// sentinel:// socket:///path?virtual_host=0

All else of a URL means what it means to kombu. It is read when the transport is made.
"""

from __future__ import annotations

import urllib.parse
from typing import Any

from kombu.utils.url import as_url, parse_url, sanitize_url

from celery_reliable_redis.mistakes import UnsupportedServerError

#: What each scheme is to kombu.
SCHEMES = {
    "redis": "redis",
    "rediss": "rediss",
    "valkey": "redis",
    "valkeys": "rediss",
    "sentinel": "sentinel",
    "socket": "socket",
}


def settle(client: Any, transport: type) -> str:
    """Have a connection of kombu's mean what its URL says, now and after a failover. Returns the scheme.

    Raises:
        UnsupportedServerError: it is another kind of broker's.
    """
    hostname = client.hostname or ""
    scheme = _check(hostname) if "://" in hostname else ""
    if scheme not in ("", "socket"):
        _set_parts(client, scheme, {**parse_url(hostname), "transport": client.transport_cls})
    if scheme == "sentinel":
        # For who clones it: what is left of its own URL is a host and a port.
        client.alt = client.alt or [hostname]
    if client.alt and client.alt[0].startswith("sentinel:"):
        client.cycle = None  # each of them is asked, whoever comes first; none is a broker
        return "sentinel"
    if client.cycle and "switch" not in vars(client):
        _keep_through_failover(client, transport)
    return scheme or ("rediss" if client.ssl else "redis")


def _check(url: str) -> str:
    scheme = url.partition("://")[0]
    if scheme not in SCHEMES:
        raise UnsupportedServerError(
            f"the broker's URL begins with {scheme!r}; the reliable transport takes "
            f"{', '.join(SCHEMES)} (connect). Write one of them, or leave broker_transport out."
        )
    return scheme


def _set_parts(client: Any, scheme: str, parts: dict[str, Any]) -> None:
    own = parts["transport"]
    parts = {name: value for name, value in parts.items() if value is not None}
    # kombu knows by the transport's name whether to encrypt.
    client._init_params(**{**client._initial_params, "hostname": None, **parts, "transport": SCHEMES[scheme]})
    client.transport_cls = own


def _keep_through_failover(client: Any, transport: type) -> None:
    """Keep the transport where kombu goes on with the next of several URLs, and would take its own."""

    def switch(url: str) -> None:
        type(client).switch(client, url)
        if "://" in url:
            _set_parts(client, _check(url), {**parse_url(url), "transport": transport})

    client.switch = switch


def as_uri(client: Any, scheme: str, include_password: bool, mask: str) -> str:
    """Write where a connection of kombu's leads to."""
    if scheme == "socket":
        return str(client.hostname if include_password else sanitize_url(client.hostname, mask))
    virtual_host = urllib.parse.quote(client.virtual_host)
    parts = (client.hostname or "localhost", client.port, client.userid, client.password, virtual_host)
    return str(as_url(scheme, *parts, sanitize=not include_password, mask=mask))


def nodes(client: Any, default_port: int) -> list[tuple[str, int]]:
    """Return the hosts and ports in the URLs of a connection of kombu's, the present one first."""
    parts = [parse_url(url) for url in client.alt if "://" in url]
    present = (client.hostname or "127.0.0.1", client.port or default_port)
    return [present, *((part["hostname"], part["port"] or default_port) for part in parts)]
