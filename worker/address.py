"""Reads a broker's address, refuses what it may not hold, and hides the password where it is hide_password.

    redis://[[USER]:PASSWORD@]HOST[:PORT][/DATABASE]
    rediss://[[USER]:PASSWORD@]HOST[:PORT][/DATABASE][?OPTION=VALUE&...]

redis-py and kombu read addresses each in a way of its own: what one takes for an option is an error to the
other, or means nothing. This is what they understand alike; docs/scaling.md lists it for users. All else is
refused, in words that hold nothing of the address: where it is not understood, nobody knows which part of it
is the password.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import NoReturn
from urllib.parse import SplitResult, parse_qsl, quote, unquote, urlsplit

from worker.errors import BrokerUnavailableError

#: What a refusal ends with.
FORM = (
    "Write redis://HOST:PORT/DATABASE, with USER:PASSWORD@ before HOST where there is one, "
    "or rediss:// for TLS (docs/scaling.md, The broker's address)"
)
#: The options of rediss://, and the values that they can have; None is the path of a file or directory.
OPTIONS: Mapping[str, tuple[str, ...] | None] = {
    "ssl_ca_certs": None,
    "ssl_ca_path": None,
    "ssl_certfile": None,
    "ssl_keyfile": None,
    "ssl_cert_reqs": ("required", "optional", "none"),
    "ssl_check_hostname": ("true", "false"),
}
#: Names and IPv4 addresses. What libraries accept beyond that is several hosts, or a password gone astray.
_HOST = re.compile(r"[A-Za-z0-9_]([A-Za-z0-9_.-]*[A-Za-z0-9_.])?")
_NUMBER = re.compile(r"[0-9]{1,9}")
_LAST_PORT = 65535


@dataclass(frozen=True, slots=True)
class Address:
    """Holds the checked parts of an address. Its text hides the user and the password."""

    tls: bool
    user: str
    password: str
    #: IPv6 without its brackets.
    host: str
    port: int | None
    database: int | None
    options: Mapping[str, str]

    def __str__(self) -> str:
        """Write the address without user, password and options, as it may be hide_password and saved."""
        return self._scheme + ("***@" if self.user or self.password else "") + self._where

    def __repr__(self) -> str:
        """Write the same, so that no traceback shows a password."""
        return f"Address({self})"

    @property
    def url(self) -> str:
        """The whole address, with its password, in a form that redis-py and kombu read alike."""
        credentials = quote(self.user, safe="")
        if self.password:
            credentials += f":{quote(self.password, safe='')}"
        options = "&".join(f"{name}={quote(value, safe='/')}" for name, value in self.options.items())
        return "".join(
            [self._scheme, f"{credentials}@" if credentials else "", self._where, options and f"?{options}"]
        )

    @property
    def _scheme(self) -> str:
        return "rediss://" if self.tls else "redis://"

    @property
    def _where(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        port = "" if self.port is None else f":{self.port}"
        return host + port + ("" if self.database is None else f"/{self.database}")


def parse(text: str) -> Address:
    """Read an address.

    Raises:
        BrokerUnavailableError: the text is no address, or holds what is not allowed; the error says what is.
    """
    if not text.isprintable() or " " in text:
        _refuse("has a space or a control character in it")
    try:
        parts = urlsplit(text)
        if parts.scheme not in ("redis", "rediss") or "://" not in text:
            _refuse("does not begin with redis:// or rediss://")
        if "@" in parts.path + parts.query or parts.fragment or text.endswith("#"):
            _refuse(
                "has an @ or a # where none can be: in a password they are written %40 and %23, and / is %2F"
            )
        tls = parts.scheme == "rediss"
        return Address(
            tls,
            unquote(parts.username or "", errors="strict"),
            unquote(parts.password or "", errors="strict"),
            _host(parts),
            _port(parts),
            _database(parts.path),
            _options(parts.query, tls),
        )
    except UnicodeDecodeError:
        _refuse("has a % that does not stand for a character in UTF-8: itself it is written %25")
    except ValueError:  # urllib's texts quote what they do not understand
        _refuse("cannot be read: a / in a password is written %2F, a : is %3A, a [ is %5B")


def hide_password(text: str) -> str:
    """Return what of an address may be hide_password: never a password, even where the text is no address."""
    try:
        return str(parse(text))
    except BrokerUnavailableError:
        scheme, separator, _ = text.partition("://")
        return f"{scheme}://***" if separator and scheme in ("redis", "rediss") else "***"


def _host(parts: SplitResult) -> str:
    host = parts.hostname or ""
    if not host:
        _refuse("names no host")
    if ":" in host and "%" not in host:  # a zone after the % would be taken for an encoded character
        return str(ipaddress.IPv6Address(host))
    if not _HOST.fullmatch(host):
        _refuse("has a character in its host that no host's name has")
    return host


def _port(parts: SplitResult) -> int | None:
    _, colon, digits = parts.netloc.rpartition("@")[2].rpartition("]")[2].partition(":")
    if not colon:
        return None
    if not _NUMBER.fullmatch(digits) or not 1 <= int(digits) <= _LAST_PORT:
        _refuse(f"has a port that is no number from 1 to {_LAST_PORT}; a / in a password is written %2F")
    return int(digits)


def _database(path: str) -> int | None:
    digits = path.removeprefix("/")
    if not digits:
        return None
    if not _NUMBER.fullmatch(digits):
        _refuse("has a database that is no number: it is what stands behind the host and a /")
    return int(digits)


def _options(query: str, tls: bool) -> Mapping[str, str]:
    options: dict[str, str] = {}
    for name, value in parse_qsl(query, keep_blank_values=True, strict_parsing=bool(query), errors="strict"):
        allowed = OPTIONS.get(name, ())
        if allowed == ():
            _refuse(f"has an option that is none of: {', '.join(OPTIONS)}")
        if not tls:
            _refuse("has an option of TLS, and no TLS: options are for rediss://")
        if name in options:
            _refuse(f"has the option {name} more than once")
        if not value or not value.isprintable() or (allowed and value not in allowed):
            _refuse(f"has an option {name} that is not {' or '.join(allowed or ['a path'])}")
        options[name] = value
    return options


def _refuse(why: str) -> NoReturn:
    raise BrokerUnavailableError(f"the broker's address {why} (address). {FORM}.") from None
