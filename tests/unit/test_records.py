"""A job that fails has one text for its error, whoever did the job."""

from __future__ import annotations

import asyncio
import uuid
from functools import partial
from pathlib import Path
from typing import Any, cast

import pytest
from redis._parsers.base import BaseParser

from producer.contenders.designs.child import do_and_record
from producer.contenders.designs.coroutines import do_on_loop, run_jobs
from producer.measure import reference_child as working_out
from worker import tasks
from worker.attempt import begin
from worker.errors import InvalidJobError
from worker.jobs import FileCheck
from worker.perform import perform
from worker.records import MAX_ERROR, JobRecord, error_line, failure_text

#: What no job should meet: simul raises nothing of the kind itself.
NOWHERE = cast(Path, 7)
JOB = FileCheck(("test001.txt",))


def by_a_design() -> JobRecord:
    return do_and_record(0, JOB, 0, partial(perform, data_root=NOWHERE))


def by_a_coroutine() -> JobRecord:
    records: list[JobRecord] = []
    asyncio.run(run_jobs([JOB], records.append, 1, partial(do_on_loop, data_root=NOWHERE)))
    return records[0]


def by_a_worker() -> JobRecord:
    attempt = begin({}, (), {"run": uuid.uuid4().hex, "index": 0, "enqueued_ns": 0})
    try:
        perform(JOB, NOWHERE)
    except Exception as error:
        return attempt.record(None, error)
    raise AssertionError("it was done")


def test_a_bug_that_fails_alike_everywhere_is_the_same_failure_for_designs_celery_and_serial() -> None:
    answer, error = working_out._do(JOB, NOWHERE)
    assert answer is None
    assert error
    assert error.startswith("TypeError: ")
    assert [by_a_design().error, by_a_coroutine().error, by_a_worker().error] == [error] * 3


def raised(error: Exception) -> Exception:
    """As it is caught."""
    try:
        raise error
    except Exception as caught:
        return caught


@pytest.mark.parametrize("error", [ValueError("é" * 5000), InvalidJobError("\ud800" * 5000)])
def test_an_error_is_told_in_a_thousand_characters_that_can_be_written(error: Exception) -> None:
    for text in (error_line(error), failure_text(raised(error))):
        assert len(text) == MAX_ERROR == 1000
        text.encode()


def test_a_bug_says_where_without_a_path_of_this_machine() -> None:
    text = failure_text(raised(ValueError("é" * 5000)))
    assert text.endswith(")")
    assert f"({__name__}:" in text
    assert failure_text(raised(InvalidJobError("no job"))) == "InvalidJobError: no job"


def test_an_error_is_told_on_one_line_with_nothing_that_a_terminal_obeys() -> None:
    assert error_line(ValueError("\x1b[31ma\nb\ud800\u202e")) == "ValueError: \\x1b[31ma\\nb\\ud800\\u202e"
    assert len(error_line(ValueError("\n" * MAX_ERROR))) == MAX_ERROR


@pytest.mark.parametrize(
    ("reply", "requeued"),
    [
        ("WRONGTYPE Operation against a key", False),
        ("NOPERM this user has no permissions to run 'xadd'", True),
        ("READONLY You can't write against a read only replica.", True),
        ("OOM command not allowed", True),
        ("MISCONF Redis is configured to save", True),
    ],
)
def test_a_job_is_dropped_only_if_nobody_can_have_its_record_taken(reply: str, requeued: bool) -> None:
    error: Any = BaseParser.parse_error(reply)  # type: ignore[no-untyped-call]  # redis-py's
    assert tasks._reject_unrecorded(error, None).requeue is requeued


class _UntoldError(Exception):
    def __str__(self) -> str:
        raise RuntimeError("no text")


def test_a_failure_whose_text_fails_has_a_text() -> None:
    assert error_line(_UntoldError()) == "_UntoldError: its text cannot be had: RuntimeError"
    assert failure_text(raised(_UntoldError())).startswith(
        "_UntoldError: its text cannot be had: RuntimeError ("
    )
