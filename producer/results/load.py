"""Reads result files. What this program could not have written is refused, in one line."""

from __future__ import annotations

import gzip
import zlib
from pathlib import Path

import msgspec

from producer.results.model import SCHEMA, Result, Run
from worker.errors import ResultError


def load(path: Path) -> Result:
    """The result in that file.

    Raises:
        ResultError: there is none, or it is not one this program can read.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise ResultError(f"{path} cannot be read (load): {error.strerror}") from None
    try:
        if path.suffix == ".gz":
            data = gzip.decompress(data)
        schema = msgspec.json.decode(data, type=_Schema).schema
        if schema != SCHEMA:
            raise ResultError(f"{path} has schema {schema}, this simul reads {SCHEMA} (load)")
        result = msgspec.json.decode(data, type=Result)
    except (msgspec.MsgspecError, OSError, EOFError, zlib.error) as error:
        raise ResultError(f"{path} is no result of simul (load): {error}") from None
    if not all(_consistent(run) for run in result.runs):
        raise ResultError(f"{path} is no result of simul (load): the columns of a run do not match")
    return result


def _consistent(run: Run) -> bool:
    columns = run.records
    times = (columns.enqueued_us, columns.received_us, columns.started_us, columns.finished_us)
    return (
        {len(column) for column in (columns.worker, *times)} == {len(columns.index)}
        and all(0 <= place < len(run.workers) for place in columns.worker)
        and all(0 <= index < run.jobs for index in columns.index)
    )


class _Schema(msgspec.Struct):
    schema: int
