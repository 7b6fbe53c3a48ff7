"""Writes what a result is made of as JSON."""

from __future__ import annotations

from typing import Any

import msgspec


def encode(what: Any) -> bytes:
    """Write it as JSON, on one line."""
    try:
        return msgspec.json.encode(what, enc_hook=list)  # the columns, of which each is a list for a moment
    except UnicodeEncodeError:  # a path or a host with a name that is not UTF-8
        return msgspec.json.encode(_in_utf8(to_plain(what)))


def to_plain(what: Any) -> Any:
    """Make dictionaries, lists and scalars of it."""
    return msgspec.to_builtins(what, str_keys=True, enc_hook=list)


def _in_utf8(plain: Any) -> Any:
    """Write out whatever is no character, as in `\\udcff`."""
    if isinstance(plain, str):
        return plain.encode(errors="backslashreplace").decode()
    if isinstance(plain, dict):
        return {_in_utf8(key): _in_utf8(value) for key, value in plain.items()}
    return [_in_utf8(value) for value in plain] if isinstance(plain, list | tuple) else plain
