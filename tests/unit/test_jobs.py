"""Jobs survive the journey as JSON, and nothing that is no job gets past `from_message`."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from worker.answers import (
    Answer,
    Exchanged,
    FilesChecked,
    FileVerdict,
    Integral,
    MovePlayed,
    PrimesCounted,
    to_record,
)
from worker.errors import InvalidJobError
from worker.job_messages import KINDS, from_message, to_message
from worker.jobs import (
    MAX_DEPTH,
    MAX_MESSAGES,
    MAX_PARTIES,
    MAX_PAUSE_MS,
    MAX_SEGMENT,
    ChessMove,
    Exchange,
    FileCheck,
    Job,
    Sieve,
    Trapezoid,
)

#: A message that describes an exchange.
EXCHANGE = {
    **{"kind": "exchange", "seed": 1, "producers": 3, "consumers": 2},
    **{"messages": 8, "capacity": 4, "pause_ms": 2},
}
FEN = "8/8/8/8/8/5k2/5q2/7K w - - 0 1"

# Lone surrogates have no place in UTF-8, so no JSON that arrives can hold one unescaped.
texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=100)
jobs: st.SearchStrategy[Job] = st.one_of(
    st.builds(FileCheck, st.lists(texts, min_size=1, max_size=5).map(tuple)),
    st.builds(ChessMove, texts, wait_ms=st.floats(0, 1000), seed=st.integers()),
    st.builds(ChessMove, texts, depth=st.integers(1, MAX_DEPTH)),
    st.builds(Trapezoid, st.floats(-100, -1), st.floats(0, 100), st.integers(1, 1000)),
    st.integers(0, 10**9).flatmap(
        lambda a: st.builds(Sieve, st.just(a), st.integers(a + 1, a + MAX_SEGMENT))
    ),
    st.builds(
        Exchange,
        st.integers(),
        *(st.integers(1, most) for most in (MAX_PARTIES, MAX_PARTIES, 40, MAX_MESSAGES)),
        pause_ms=st.floats(0, MAX_PAUSE_MS),
    ),
)
json_values: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | texts,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4),
    max_leaves=10,
)
field_names = st.sampled_from(sorted({name for kind in KINDS.values() for name in kind.__dataclass_fields__}))
near_jobs = st.builds(
    lambda kind, fields: {"kind": kind, **fields},
    st.sampled_from(["file_check", "chess_move", "trapezoid", "sieve", "exchange", "pickle"]),
    st.dictionaries(field_names, json_values, max_size=4),
)


@given(jobs)
def test_a_job_comes_out_of_json_as_it_went_in(job: Job) -> None:
    assert from_message(json.loads(json.dumps(to_message(job)))) == job


@pytest.mark.parametrize(
    "answer",
    [
        FilesChecked((FileVerdict("a", "correct"), FileVerdict("b", "wrong", expected=1, found=2))),
        MovePlayed("e2e4", score=-3, nodes=20),
        Integral(0.5),
        PrimesCounted(7),
        Exchanged(24, 10**11, 10**11),
    ],
)
def test_a_record_holds_all_of_an_answer(answer: Answer) -> None:
    assert to_record(answer) == asdict(answer)


@given(json_values | near_jobs)
def test_any_other_json_is_an_invalid_job_or_a_valid_one_and_never_anything_worse(message: Any) -> None:
    try:
        job = from_message(message)
    except InvalidJobError:
        return
    assert from_message(to_message(job)) == job


@pytest.mark.parametrize(
    ("message", "complaint"),
    [
        ([], "not list"),
        ({}, "no kind of job is called None"),
        ({"kind": "shell"}, "there are: file_check, chess_move, no_op, trapezoid, sieve"),
        ({"kind": "file_check"}, "missing required field `files`"),
        ({"kind": "file_check", "files": []}, "names 1 to 1,000 files"),
        ({"kind": "file_check", "files": ["a"] * 1001}, "names 1 to 1,000 files"),
        ({"kind": "file_check", "files": ["a" * 4097]}, "up to 4,096 characters"),
        ({"kind": "file_check", "files": "test001.txt"}, "Expected `array`"),
        ({"kind": "file_check", "files": ["a"], "root": "/"}, "unknown field 'root'"),
        ({"kind": "chess_move", "fen": FEN}, "either wait_ms or depth"),
        ({"kind": "chess_move", "fen": FEN, "wait_ms": 1, "depth": 1}, "either wait_ms or depth"),
        ({"kind": "chess_move", "fen": FEN, "wait_ms": -1}, "wait_ms lies in"),
        ({"kind": "chess_move", "fen": FEN, "wait_ms": float("nan")}, "wait_ms lies in"),
        ({"kind": "chess_move", "fen": FEN, "wait_ms": 20_001}, "wait_ms lies in 0..20,000"),
        ({"kind": "chess_move", "fen": FEN + " " * 200, "depth": 1}, "a FEN has up to 200 characters"),
        ({"kind": "chess_move", "fen": FEN, "depth": 6}, "depth lies in 1..5, not 6"),
        ({"kind": "chess_move", "fen": FEN, "depth": "2"}, "Expected `int"),
        ({"kind": "trapezoid", "lower": 2, "upper": 2, "steps": 1}, "lower is less than upper"),
        ({"kind": "trapezoid", "lower": 0, "upper": float("inf"), "steps": 1}, "finite"),
        ({"kind": "trapezoid", "lower": 0, "upper": 2, "steps": 10_000_001}, "steps lies in 1..10,000,000"),
        ({"kind": "sieve", "start": 5, "stop": 5}, "start < stop"),
        ({"kind": "sieve", "start": 10**12, "stop": 10**12 + 1}, "stop <= 1,000,000,000,000"),
        ({"kind": "sieve", "start": 0, "stop": MAX_SEGMENT + 1}, "covers at most"),
        ({**EXCHANGE, "producers": 17}, "1 to 16 producers"),
        ({**EXCHANGE, "consumers": 0}, "1 to 16 consumers"),
        ({**EXCHANGE, "messages": 1001}, "1 to 1,000 messages"),
        ({**EXCHANGE, "capacity": 0}, "holds 1 to 1,000 messages"),
        ({**EXCHANGE, "pause_ms": 500.1}, "pause_ms lies in 0..500"),
        ({**EXCHANGE, "pause_ms": float("nan")}, "pause_ms lies in 0..500"),
        ({**EXCHANGE, "messages": 1000, "pause_ms": 20.1}, "waits 20,000 ms at most"),
        ({**EXCHANGE, "messages": "8"}, "Expected `int"),
    ],
)
def test_an_invalid_message_is_refused_with_what_is_wrong(message: Any, complaint: str) -> None:
    with pytest.raises(InvalidJobError, match=complaint):
        from_message(message)
