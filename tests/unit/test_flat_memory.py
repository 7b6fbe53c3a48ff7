"""The lab's memory while a run of many jobs comes in: some bytes a job, whatever a record holds."""

from __future__ import annotations

import errno
import os
import pickle
import tempfile
import time
import tracemalloc
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from producer.contender_name import ContenderName
from producer.contenders.ledger import Ledger
from producer.contenders.protocol import Outcome
from producer.contenders.record_file import WINDOW, RecordFile
from producer.results import Run, run_from
from producer.results.columns import HashColumn
from producer.results.encode import PIECE, encode, encode_in_pieces
from producer.results.reference import Reference, fingerprint
from tests.made import reference, workload
from worker.records import JobRecord

JOBS = 20_000
#: Bytes a job that the lab may take for all it does with a run.
MOST = 100


def answer(index: int) -> dict[str, Any]:
    """As a call returns it: no two are alike."""
    return {"type": "int", "text": str(index), "digest": f"{index:016x}", "json": True}


def a_record(index: int) -> JobRecord:
    now = time.monotonic_ns()
    return JobRecord(index, "lab/7", now, now, now, now, answer(index))


def peak_bytes(do: Callable[[], object]) -> int:
    """How much more memory than before it takes at once."""
    tracemalloc.start()
    try:
        do()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def right() -> Reference:
    fingerprints = HashColumn()
    for index in range(JOBS):
        fingerprints.append(fingerprint(answer(index), None))
    return replace(reference([0.0] * JOBS, [0.1] * JOBS, 1.0), fingerprints=fingerprints)


def test_a_run_takes_few_bytes_a_job_from_its_first_record_to_its_columns() -> None:
    expected, name = right(), ContenderName("celery:solo", 1)

    def take_all() -> Run:
        ledger = Ledger(JOBS)
        for index in range(JOBS):
            ledger.take(a_record(index))
        outcome = Outcome(ledger.records.values(), slots=1)
        run = run_from("waits", name, 1, 0.0, outcome, expected, jobs=JOBS, used=None, broker_cpu_s=None)
        assert run.valid
        return run

    assert peak_bytes(take_all) < MOST * JOBS


def test_the_right_answers_take_eight_bytes_each() -> None:
    assert peak_bytes(right) < MOST * JOBS


def test_records_are_read_in_the_order_of_their_jobs_whatever_order_they_came_in() -> None:
    records = RecordFile(JOBS)
    came = [a_record(index) for index in (*range(1, 600, 2), *range(598, -1, -2))]
    for record in came:
        records.add(record)
    assert sum(len(pickle.dumps(record)) for record in came) > 2 * WINDOW
    assert records == {record.index: record for record in came}
    assert [record.index for record in records.values()] == list(range(600))
    assert (len(records), 599 in records, 600 in records, -1 in records) == (600, True, False, False)
    records.add(a_record(600))  # after what was read last
    assert records[600].answer == answer(600)
    with pytest.raises(KeyError):
        records[-1]


def test_a_record_is_read_as_it_was_even_if_it_is_larger_than_what_is_read_at_once() -> None:
    records = RecordFile(2)
    odd: dict[str, Any] = {"big": 10**30, "none": None, "half": "\ud800", "text": "x" * 3 * WINDOW}
    kept = replace(a_record(1), answer=odd)
    records.add(kept)
    records.add(replace(a_record(0), answer=None, error="Oh: no"))
    assert records[1] == kept
    assert records[0].error == "Oh: no"


@pytest.mark.parametrize("written", [0, 1000, 2**16])
def test_what_a_full_disk_does_not_take_stays_in_memory(
    monkeypatch: pytest.MonkeyPatch, written: int
) -> None:
    write, room = os.write, [written] if written else []

    def until_full(descriptor: int, data: bytearray) -> int:
        return write(descriptor, data[: room.pop()]) if room else _no_room()

    records = RecordFile(2000)
    with monkeypatch.context() as patched:
        patched.setattr(os, "write", until_full)
        for index in range(2000):
            records.add(a_record(index))
    assert [record.answer for record in records.values()] == [answer(index) for index in range(2000)]


def test_a_run_of_few_jobs_opens_no_file(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "TemporaryFile", lambda **_: pytest.fail("an exhibition has 1,000 of them"))
    records = RecordFile(60)
    for index in range(60):
        records.add(a_record(index))
    assert [record.answer for record in records.values()] == [answer(index) for index in range(60)]


def test_without_a_directory_for_it_all_stays_in_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "TemporaryFile", lambda **_: _no_room())
    records = RecordFile(2000)
    for index in range(2000):
        records.add(a_record(index))
    assert records[1999].answer == answer(1999)


def _no_room() -> Any:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def test_a_result_is_written_without_all_its_numbers_in_memory_at_once() -> None:
    whole = workload(JOBS, reference=right())
    assert b"".join(encode_in_pieces(whole)) == encode(whole)
    longest = max(map(len, encode_in_pieces(whole)))
    assert longest < 30 * PIECE < len(encode(whole))
