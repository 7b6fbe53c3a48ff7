"""Whatever is sent as a record: it is one of the run's, or it is refused and named. Nothing ends the lab."""

from __future__ import annotations

import json
import os
import pickle
import time
from collections.abc import Callable
from dataclasses import asdict, replace
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, cast

import pytest
import redis
from hypothesis import given
from hypothesis import strategies as st

from producer.contenders.collect import MAX_RECORD_BYTES, Collector
from producer.contenders.designs.contender import DesignContender
from producer.contenders.designs.stalls import MAX_STALLS
from producer.contenders.ledger import Ledger
from producer.contenders.spec import Spec
from producer.system.reaper import Reaper
from worker.records import MAX_ERROR, JobRecord, SentRecord, boot_id, encode

JOBS = 3
#: Text as an answer or an error may hold it.
texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
values: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=6,
)


def a_record(index: int = 0, **changes: Any) -> JobRecord:
    """One that any worker could have sent just now."""
    now = time.monotonic_ns()
    return replace(JobRecord(index, "lab/7", now, now, now, now, {"move": "e2e4"}), **changes)


def sent(record: JobRecord, **changes: Any) -> bytes:
    """As it travels; a change is to one field of the record, or of what goes with it."""
    plain = {"record": asdict(record), "boot_id": boot_id(), "broker_offset_ns": 0}
    for name, value in changes.items():
        (plain if name in plain else plain["record"])[name] = value  # type: ignore[index]
    return json.dumps(plain).encode()


def a_collector() -> Collector:
    """One whose records are handed to it; there is no broker."""
    collector = Collector(cast(redis.Redis, None), JOBS)
    collector._offset_ns = 0
    return collector


def only_problem(ledger: Ledger) -> str:
    [problem] = ledger.problems()
    assert problem.isprintable()
    assert len(problem) < 600
    return problem


def test_a_record_of_a_worker_is_taken_once() -> None:
    collector = a_collector()
    record = a_record(1)
    for _ in range(2):
        collector.take_json(encode(SentRecord(record, boot_id(), 0)))
    assert collector.records == {1: record}
    assert (collector.duplicates, collector.problems(), collector.missing()) == (1, [], [0, 2])


def test_a_worker_of_a_simul_that_measures_no_cpu_time_is_believed() -> None:
    collector = a_collector()
    plain = json.loads(sent(a_record()))
    del plain["record"]["cpu_ns"]
    collector.take_json(json.dumps(plain).encode())
    collector.take_json(sent(a_record(1), cpu_ns=1000))
    assert [record.cpu_ns for record in collector.records.values()] == [None, 1000]


def test_what_a_newer_simul_adds_to_a_record_is_passed_over() -> None:
    collector = a_collector()
    collector.take_json(sent(a_record(), cpu_ns=5, another_clock_ns=7))
    assert collector.records[0].cpu_ns == 5


HOUR_NS = 3600 * 10**9
LIES: dict[str, Callable[[JobRecord], bytes]] = {
    "no JSON": lambda _: b"\xff{",
    "nothing": lambda _: b"",
    "no record": lambda _: b"[]",
    "another type": lambda record: sent(record, index="0"),
    "no number": lambda record: sent(record, index=True),
    "a fraction": lambda record: sent(record, index=0.5),
    "before the first job": lambda record: sent(record, index=-1),
    "beyond the last job": lambda record: sent(record, index=JOBS),
    "a huge index": lambda record: sent(record, index=10**30),
    "a huge time": lambda record: sent(record, finished_ns=10**300),
    "finished before it started": lambda record: sent(record, finished_ns=record.started_ns - 1),
    "started before it was received": lambda record: sent(record, started_ns=record.received_ns - 1),
    "received before it was sent": lambda record: sent(record, enqueued_ns=record.received_ns + 1),
    "sent before the run": lambda record: sent(record, enqueued_ns=record.enqueued_ns - HOUR_NS),
    "finished in the future": lambda record: sent(record, finished_ns=record.finished_ns + HOUR_NS),
    "another clock that is none": lambda record: sent(record, boot_id="another", broker_offset_ns=10**40),
    "more CPU time than it took": lambda record: sent(record, cpu_ns=10**9),
    "less CPU time than none": lambda record: sent(record, cpu_ns=-1),
    "a fraction of CPU time": lambda record: sent(record, cpu_ns=0.5),
    "no name": lambda record: sent(record, worker=""),
    "an escape in a name": lambda record: sent(record, worker="lab\x1b]0;owned\x07/7"),
    "lines in a name": lambda record: sent(record, worker="lab\nINVALID/7"),
    "an endless name": lambda record: sent(record, worker="x" * 10_000),
    "neither answer nor error": lambda record: sent(record, answer=None),
    "answer and error": lambda record: sent(record, error="Oh: no"),
    "an endless error": lambda record: sent(record, answer=None, error="x" * (MAX_ERROR + 1)),
    "a deep answer": lambda record: sent(record, answer={"a": {"b": {}}}),
    "a bottomless answer": lambda record: sent(record).replace(
        b'"e2e4"', b'{"a":' * 10**5 + b"1" + b"}" * 10**5
    ),
    "an enormous answer": lambda record: sent(record).replace(b"e2e4", b"x" * MAX_RECORD_BYTES),
}


@pytest.mark.parametrize("lie", LIES.values(), ids=LIES)
def test_what_cannot_be_true_is_refused_and_spoils_the_run_in_one_line(
    lie: Callable[[JobRecord], bytes],
) -> None:
    collector = a_collector()
    collector.take_json(lie(a_record()))
    assert collector.records == {}
    assert "1 record cannot be true (collect), the first by " in only_problem(collector)
    collector.take_json(sent(a_record()))
    assert collector.records.keys() == {0}


def test_who_sends_what_cannot_be_true_is_named_and_counted() -> None:
    collector = a_collector()
    for index in (-1, 99, 100):
        collector.take_json(sent(a_record(), index=index, worker="liar\x1b/6"))
    told = "3 records cannot be true (collect), the first by 'liar\\x1b/6': there is no such job among 3; "
    assert only_problem(collector) == told + "stop who sends it"


def test_times_of_another_machine_may_be_as_far_off_as_clocks_are() -> None:
    collector = a_collector()
    late = a_record(0)
    collector.take_json(sent(replace(late, received_ns=late.received_ns - 10**6), boot_id="another"))
    collector.take_json(sent(a_record(1), boot_id="another", broker_offset_ns=2 * 10**9))
    assert collector.records.keys() == {0}
    assert collector.clocks_corrected
    assert "the times of job 1" in only_problem(collector)


@given(
    st.binary(max_size=50)
    | values.map(lambda value: json.dumps(value).encode())
    | st.dictionaries(
        st.sampled_from(["index", "worker", "enqueued_ns", "finished_ns", "answer", "error", "boot_id", "x"]),
        values | st.integers(-2, 5),
        min_size=1,
    ).map(lambda changes: sent(a_record(), **changes))
)
def test_nothing_that_anybody_sends_over_a_broker_ends_the_lab(data: bytes) -> None:
    collector = a_collector()
    collector.take_json(data)
    believable(collector)
    assert len(collector.records) + collector.refused == 1


def believable(ledger: Ledger) -> None:
    """What is left is in order, and the rest is told."""
    for index, record in ledger.records.items():
        assert record.index == index
        assert 0 <= index < JOBS
        assert record.enqueued_ns <= record.received_ns + 10**9
        assert record.received_ns <= record.started_ns <= record.finished_ns
    assert ledger.refused == 0 or only_problem(ledger)


class Child:
    """A design in a child process that sends what it is told to send."""

    def __init__(self) -> None:
        requests_r, requests_w = os.pipe()
        replies_r, replies_w = os.pipe()
        self.design = DesignContender(Spec("threads", 2), Path(), cast(Reaper, None))
        self.design._requests = Connection(requests_w, readable=False)
        self.design._replies = Connection(replies_r, writable=False)
        self._requests = Connection(requests_r, writable=False)
        self.sends = Connection(replies_w, readable=False)

    def close(self) -> None:
        for end in (self.design._requests, self.design._replies, self._requests, self.sends):
            end.close()

    def outcome(self, *messages: bytes) -> Any:
        """What the lab makes of a run in which these come through the pipe."""
        try:
            for message in messages:
                self.sends.send_bytes(message)
            return self.design.run([], lambda _: None)
        finally:
            self.close()


def no_outcomes() -> list[Any]:
    record = a_record()
    return [
        None,
        7,
        (),
        ("outcome",),
        ("outcome", 7),
        ("outcome", (None,)),
        ("outcome", ("long", True)),
        ("outcome", (None, "perhaps")),
        ("outcome", (0.5, True, [(1,)])),
        ("outcome", (0.5, True, [(1, "long")])),
        ("outcome", (0.5, True, [(1, 1)] * (MAX_STALLS + 1))),
        ("records",),
        ("records", 7),
        ("records", [7]),
        ("records", [record, replace(record, index="0")]),  # type: ignore[arg-type]
        ("progress", "half"),
        ("finished", (None, True)),
    ]


@pytest.mark.parametrize("message", [b"no pickle", *map(pickle.dumps, no_outcomes())])
def test_a_design_that_sends_no_answer_has_an_invalid_run_and_is_started_anew(message: bytes) -> None:
    outcome = Child().outcome(message)
    assert outcome.records == []
    [problem] = outcome.problems
    assert problem.startswith("its process sent what is no answer (run): ")
    assert problem.isprintable()


def test_records_of_a_design_are_held_to_the_same() -> None:
    messages: list[Any] = [
        ("progress", 1),
        ("records", [a_record(-1)]),
        ("records", []),
        ("outcome", (0.5, False, [(7, 500_000_000)])),
    ]
    outcome = Child().outcome(*map(pickle.dumps, messages))
    assert ([*outcome.records], outcome.loop_stall_s, outcome.gil) == ([], 0.5, False)
    assert outcome.loop_stalls == [(7, 500_000_000)]
    [problem] = outcome.problems
    assert problem.startswith("1 record cannot be true (collect), the first by 'lab/7': there is no such job")


@given(values)
def test_nothing_that_comes_through_the_pipe_ends_the_lab(value: Any) -> None:
    # No value is both a time and whether there is a GIL.
    messages: list[Any] = [("records", value), ("outcome", (value, value))]
    assert Child().outcome(*map(pickle.dumps, messages)).problems
