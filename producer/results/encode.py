"""Writes what a result is made of as JSON."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import msgspec

#: Stands for a column, where the columns are written one piece at a time: no JSON has it.
GAP = b"\0"
#: Numbers or texts of a column that are written at once.
PIECE = 10_000


def encode(what: Any) -> bytes:
    """Write it as JSON, on one line."""
    try:
        return msgspec.json.encode(what, enc_hook=list)  # the columns, of which each is a list for a moment
    except UnicodeEncodeError:  # a path or a host with a name that is not UTF-8
        return msgspec.json.encode(_in_utf8(to_plain(what)))


def encode_in_pieces(what: Any) -> Iterator[bytes]:
    """Write it as the same JSON, piece by piece: of its columns only a few thousand numbers at a time."""
    columns: list[Sequence[Any]] = []

    def set_aside(column: Sequence[Any]) -> msgspec.Raw:
        columns.append(column)
        return msgspec.Raw(GAP)

    try:
        frame = msgspec.json.encode(what, enc_hook=set_aside).split(GAP)
    except UnicodeEncodeError:
        yield encode(what)
        return
    yield frame[0]
    for column, rest in zip(columns, frame[1:], strict=True):
        yield b"["
        for start in range(0, len(column), PIECE):
            numbers = msgspec.json.encode(list(column[start : start + PIECE]))
            yield (b"," if start else b"") + numbers[1:-1]
        yield b"]" + rest


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
