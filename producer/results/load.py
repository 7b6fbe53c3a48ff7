"""Reads result files: a bounded number of bytes, and nothing that this program could not have written.

What is loaded needs no second look. Its numbers lie in their ranges, its columns match, a valid run has a
record of every job and took some time, and every reference has its target.
"""

from __future__ import annotations

import gzip
import os
import stat
import zlib
from collections import Counter
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import msgspec

from producer.contender_name import ContenderName
from producer.ranges import MAX_CONTENDERS, most_cpu
from producer.results import torn
from producer.results.model import SCHEMA, Result, Run, WorkloadResult
from producer.results.older import from_schema_1, from_schema_2
from worker.errors import ResultError

#: The most that is read of a file, and of what it unpacks to. A million records take 33 MB, packed 11.
MAX_MIB = 256
#: An error quotes no more of a file than this.
MAX_QUOTED = 200


def load(path: Path) -> Result:
    """Load the result in that file.

    Raises:
        ResultError: there is none, or it is not one this program can read.
    """
    data = _read(path)
    packed = path.suffix == ".gz"
    try:
        try:
            result = _decode(_unpack(data) if packed else data)
        except _TORN as error:
            result = _decode_torn(data, packed, error)
        _require_consistent(result)
    except RecursionError:
        raise ResultError(f"{path} is no result of simul (load): it is nested too deeply") from None
    except _OtherSchemaError as error:
        raise ResultError(f"{path} has {error}, this simul reads {SCHEMA} (load)") from None
    except _NO_RESULT as error:
        raise ResultError(f"{path} is no result of simul (load): {str(error)[:MAX_QUOTED]}") from None
    return result


def load_comparison(path: Path) -> Result:
    """Load a result whose jobs were sent at once, for what can make nothing of jobs that arrived.

    Raises:
        ResultError: as `load`, or it is a load.
    """
    result = load(path)
    if result.kind == "load":
        raise ResultError(
            f"{path} is of `simul load` (load), and jobs that arrive have no makespan: see it with "
            "`simul show` and `simul report`"
        )
    return result


class _ContradictionError(Exception):
    """The result holds what no comparison could have left."""


class _OtherSchemaError(Exception):
    """The result is of a schema that this program cannot read."""


#: What is raised of a file that is no result. Text that is not UTF-8 is no error of msgspec's own.
_NO_RESULT = (msgspec.MsgspecError, UnicodeDecodeError, OSError, EOFError, zlib.error, _ContradictionError)
#: What is raised, among other things, where the end of a file is missing.
_TORN = (EOFError, gzip.BadGzipFile, msgspec.DecodeError)
#: How a file of each schema is read.
_READ = {1: from_schema_1, 2: from_schema_2, SCHEMA: msgspec.json.Decoder(Result).decode}


class _Schema(msgspec.Struct):
    schema: int


def _read(path: Path) -> bytes:
    try:
        with open(path, "rb", opener=_regular) as file:
            # No more than is there now: a run that is added meanwhile begins before what was the end.
            size = os.fstat(file.fileno()).st_size
            data = file.read(min(size, MAX_MIB * 2**20 + 1))
    except OSError as error:
        raise ResultError(f"{path} cannot be read (load): {error.strerror or error}") from None
    if len(data) > MAX_MIB * 2**20:
        raise ResultError(f"{path} cannot be read (load): it is larger than {MAX_MIB} MiB")
    return data


def _regular(path: str, flags: int) -> int:
    """Open a regular file, and nothing else; no FIFO is waited for."""
    descriptor = os.open(path, flags | os.O_NONBLOCK | os.O_NOCTTY)
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise OSError("not a regular file")
    return descriptor


def _unpack(data: bytes) -> bytes:
    with gzip.GzipFile(fileobj=BytesIO(data)) as file:
        unpacked = file.read(MAX_MIB * 2**20 + 1)
    if len(unpacked) > MAX_MIB * 2**20:
        raise _ContradictionError(f"it unpacks to more than {MAX_MIB} MiB")
    return unpacked


def _decode(data: bytes) -> Result:
    schema = msgspec.json.decode(data, type=_Schema).schema
    if read := _READ.get(schema):
        return read(data)
    raise _OtherSchemaError(f"schema {schema}")


def _decode_torn(data: bytes, packed: bool, why: Exception) -> Result:
    """Decode the runs that are whole where a save did not end; raise `why` where none was cut short."""
    if isinstance(why, msgspec.ValidationError):
        raise why
    try:
        result = _decode(torn.close(torn.unpack(data, MAX_MIB * 2**20) if packed else data))
    except _NO_RESULT:
        raise why from None
    if result.complete:  # its end was there, and has been lost since
        raise why
    return result


def _require_consistent(result: Result) -> None:
    for why in _contradictions(result):
        raise _ContradictionError(why)


def _contradictions(result: Result) -> Iterator[str]:
    workloads = {workload.name: workload for workload in result.workloads}
    if len(workloads) < len(result.workloads):
        yield "two workloads have one name"
    ran = {(run.workload, run.contender) for run in result.runs}
    asked_for = {(name, each.name) for name, workload in workloads.items() for each in workload.contenders}
    contenders = Counter(workload for workload, _ in ran | asked_for)
    if any(number > MAX_CONTENDERS for number in contenders.values()):
        yield f"a workload has more than {MAX_CONTENDERS} contenders"
    for place, workload in enumerate(result.workloads):
        yield from (f"workload {place}: {why}" for why in _of_workload(workload))
    for place, run in enumerate(result.runs):
        if run.workload not in workloads:
            yield f"run {place} is of a workload that is not there"
        else:
            yield from (f"run {place}: {why}" for why in _of_run(run, workloads[run.workload], result.kind))
    if any((run.offered is not None) != (result.kind == "load") for run in result.runs):
        yield "the runs of a load say how their jobs arrived, and no others do"
    runs = Counter((run.workload, run.contender, run.round, _rate(run)) for run in result.runs)
    if any(number > 1 for number in runs.values()):
        yield "a contender has two runs in one round"
    yield from _of_predictions(result)


def _of_workload(workload: WorkloadResult) -> Iterator[str]:
    reference = workload.reference
    columns = reference.fingerprints, reference.waits_s, reference.work_s
    if {len(column) for column in columns} != {workload.jobs}:
        yield "its reference is not one of so many jobs"
    names = [contender.name for contender in workload.contenders]
    if not all(map(_is_read_back, names)):
        yield "a contender's name would be read as another's"
    if len(set(names)) < len(names):
        yield "two contenders have one name"


def _rate(run: Run) -> float | None:
    return run.offered.rate if run.offered else None


def _of_predictions(result: Result) -> Iterator[str]:
    predicted = [prediction.workload for prediction in result.predictions]
    if len(set(predicted)) < len(predicted):
        yield "a workload is predicted twice"
    # Where the comparison was ended early, some of what was predicted is not there.
    if result.complete and set(predicted) - {workload.name for workload in result.workloads}:
        yield "a workload is predicted that is not there"
    for prediction in result.predictions:
        if not all(map(_is_read_back, prediction.names)):
            yield "a predicted contender's name would be read as another's"
        spoken_of = [speed.contender for speed in prediction.speeds]
        if len(set(spoken_of)) < len(spoken_of):
            yield "a contender's speed is predicted twice"


def _of_run(run: Run, workload: WorkloadResult, kind: str) -> Iterator[str]:
    if not _is_read_back(run.contender):
        yield "its contender's name would be read as another's"
    columns = run.records
    times = columns.enqueued_us, columns.received_us, columns.started_us, columns.finished_us
    if {len(column) for column in (columns.worker, *times)} != {len(columns.index)}:
        yield "its columns differ in length"
    if columns.cpu_us and len(columns.cpu_us) != len(columns.index):
        yield "not each of its jobs has a CPU time"
    if not all(map(_can_have_run, columns.cpu_us, columns.finished_us)):
        yield "a job ran for longer than it took"
    if run.offered is None and kind != "load":
        if run.jobs != workload.jobs:
            yield "it has not the jobs of its workload"
    elif run.offered and not (
        max(run.offered.first_s, run.offered.burst_at_s) <= run.offered.for_s and run.offered.for_s
    ):
        yield "its jobs arrived when none could"
    if max(columns.index, default=0) >= run.jobs or len(set(columns.index)) < len(columns.index):
        yield "its records are not of its jobs"
    if max(columns.worker, default=-1) >= len(run.workers):
        yield "a worker is not there"
    if run.belongs and len(run.belongs) != len(run.workers):
        yield "not each of its processes belongs to a worker"
    if any(index >= run.jobs for index in run.errors):
        yield "its errors are not of its jobs"
    if run.wrong + len(run.errors) > run.jobs:
        yield "more of its jobs failed or are wrong than it has"
    if run.valid and (run.lost or run.wrong or run.errors):
        yield "it is called valid, and records are missing or wrong"
    if columns.index and not run.makespan_s:
        yield "it took no time"
    if any(stall.at_us + stall.length_us > 1e6 * run.makespan_s + 2 for stall in run.loop_stalls):
        yield "its event loop stood still when it was over"


def _can_have_run(cpu_us: int, took_us: int) -> bool:
    return cpu_us <= 1 + most_cpu(took_us + 1, 10**6)  # both are rounded


def _is_read_back(name: ContenderName) -> bool:
    try:
        return ContenderName.parse(str(name)) == name
    except ValueError:
        return False
