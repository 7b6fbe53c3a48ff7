"""A result file that grows: a save writes what is new, whatever the file holds already.

A result ends with its runs, a line each, and what closes it: a new run is put before that, in place. All else
stands before the runs, in the head. Where the head has changed (a workload has begun, a contender was left
out) the file is written anew, and atomically; what was packed once is copied, for a gzip file may have many
members.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import fields
from itertools import chain
from pathlib import Path
from typing import Any

from producer.results.encode import encode, encode_in_pieces
from producer.results.model import Result, Run, WorkloadResult
from producer.system import writing

#: What closes a file: see `torn`, which reads those without.
END = b"]}"


class GrowingFile:
    """A result in a file: `save` brings it up to date."""

    def __init__(self, path: Path, *, packed: bool) -> None:
        """Nothing is written yet. `packed`: whether it is gzipped."""
        #: Its name; from the first save on one that nobody else had.
        self.path = path
        self._pack: Callable[[Iterable[bytes]], Iterator[bytes]] = _compress if packed else iter
        self._end = b"".join(self._pack([END]))
        #: What was written last; None before the first save.
        self._identity: writing.Identity | None = None
        #: How many runs are in it, where they begin, and what of the head may change.
        self._runs = 0
        self._runs_at = 0
        self._outline = b""

    def save(self, result: Result, runs: Sequence[Run], anew: bool = False) -> None:
        """Write the runs that are new; everything where the head has changed, or where it is asked for.

        `result.runs` is not read. `runs` are those that were there before, and the new ones.

        Raises:
            OSError: it cannot be written; what was there still is.
        """
        outline = _outline(result)
        if self._identity and outline == self._outline and not anew:
            try:
                new = b"".join(self._encode(runs, self._runs))
                self._identity = writing.extend(self.path, self._identity, new, self._end)
                self._runs = len(runs)
                return
            except OSError:  # it has gone, or is another's: perhaps a new one can take its place
                pass
        self._save_anew(result, runs)
        self._outline = outline

    def _save_anew(self, result: Result, runs: Sequence[Run]) -> None:
        head = _Counted(self._pack(_encode_head(result)))
        parts = chain(head, self._encode_or_copy(runs), [self._end])
        if self._identity:
            self._identity = writing.replace(self.path, parts)
        else:
            self.path, self._identity = writing.create(self.path, parts)
        self._runs, self._runs_at = len(runs), head.size

    def _encode_or_copy(self, runs: Sequence[Run]) -> Iterator[bytes]:
        first = 0
        if self._identity and writing.is_there(self.path, self._identity):
            end = self._identity.size - len(self._end)
            yield from writing.read(self.path, self._identity, self._runs_at, end)
            first = self._runs
        yield from self._encode(runs, first)

    def _encode(self, runs: Sequence[Run], first: int) -> Iterator[bytes]:
        for place in range(first, len(runs)):
            yield from self._pack(chain([b"," if place else b""], encode_in_pieces(runs[place]), [b"\n"]))


class _Counted:
    """Passes parts on, and counts their bytes."""

    def __init__(self, parts: Iterator[bytes]) -> None:
        self.size = 0
        self._parts = parts

    def __iter__(self) -> Iterator[bytes]:
        for part in self._parts:
            self.size += len(part)
            yield part


def _encode_head(result: Result) -> Iterator[bytes]:
    last = b""
    for piece in encode_in_pieces(_fields(result) | {"runs": []}):
        yield last
        last = piece
    yield last.removesuffix(END) + b"\n"


def _outline(result: Result) -> bytes:
    """Encode what may change in the head: all but the references, and what changes always."""
    workloads = [_fields(workload, "reference") for workload in result.workloads]
    return encode(_fields(result, "load_after", "runs") | {"workloads": workloads})


def _fields(of: Result | WorkloadResult, *but: str) -> dict[str, Any]:
    return {field.name: getattr(of, field.name) for field in fields(of) if field.name not in but}


def _compress(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """Make one member of a gzip file of the pieces."""
    member = zlib.compressobj(level=6, wbits=16 + zlib.MAX_WBITS)
    for piece in pieces:
        yield member.compress(piece)
    yield member.flush()
