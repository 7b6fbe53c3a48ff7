"""Workers that call another function than that of the jobs are told from others by their records."""

from __future__ import annotations

import pytest

from producer.contenders.celery_workers.other_function import other_function
from worker.call import call
from worker.errors import InvalidJobError
from worker.jobs import Call, FileCheck, Job
from worker.records import JobRecord, error_line

JOB = Call("shop.tasks:nap", "[]")


def records(*errors: str | None) -> list[JobRecord]:
    """Records of jobs, each with its error."""
    return [JobRecord(index, "lab/7", 1, 2, 3, 4, None, error) for index, error in enumerate(errors)]


def refusal(calls: str) -> str:
    """What a worker that calls this function says of another."""
    return f"InvalidJobError: this process calls {calls} alone (--job), and not 'shop.tasks:nap'"


def test_all_refuse() -> None:
    assert other_function([JOB], records(refusal("a:b"), refusal("a:b")), "gevent") == (
        "the workers on simul.gevent call a:b, and not shop.tasks:nap: start them with "
        "`simul worker --pool gevent --job shop.tasks:nap`"
    )


def test_some_refuse_and_what_they_call_differs() -> None:
    why = other_function([JOB], records(None, refusal("a:b"), refusal("c:d")), "solo")
    assert (why or "").startswith(
        "some of the workers on simul.solo call a:b and c:d, and not shop.tasks:nap"
    )


def test_a_process_that_was_started_for_none_refuses_in_words_that_are_read(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("worker.call.function", lambda: None)
    with pytest.raises(InvalidJobError) as refused:
        call(JOB)
    why = other_function([JOB], records(error_line(refused.value)), "solo")
    assert (why or "").startswith("the workers on simul.solo call no function, and not shop.tasks:nap")


@pytest.mark.parametrize(
    ("jobs", "errors"),
    [([JOB], (None, "KeyError: 1")), ([FileCheck(("a",))], (refusal("a:b"),)), ([], ()), ([JOB], ())],
    ids=["failures", "no calls", "no jobs", "no records"],
)
def test_nobody_refuses(jobs: list[Job], errors: tuple[str | None, ...]) -> None:
    assert other_function(jobs, records(*errors), "solo") is None
