"""A message that is no valid job is rejected and recorded, and its worker does the next one."""

from __future__ import annotations

import bz2
import contextlib
import itertools
import json
import pickle
import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import redis
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from producer.contenders.celery_workers.send import publish
from producer.contenders.celery_workers.spawned import SpawnedWorkers
from producer.contenders.collect import Collector
from producer.measure.started_contenders import Roster
from producer.system.broker import Broker
from tests.integration.post import (
    JOB,
    REJECTED_STREAM,
    SOON_S,
    SPECS,
    Post,
    call_headers,
    compressed,
    damaged,
    old_call,
    packed,
    peak_memory,
)
from worker.records import JobRecord, run_stream

pytestmark = pytest.mark.untraced

LONE = "\ud800"


@pytest.fixture(params=SPECS, ids=lambda spec: spec.name)
def post(request: pytest.FixtureRequest, roster: Roster, broker: Broker, client: redis.Redis) -> Post:
    """Each kind of worker."""
    worker = roster.start(request.param)
    assert isinstance(worker, SpawnedWorkers)
    return Post(worker, broker, client)


@pytest.fixture
def one_post(roster: Roster, broker: Broker, client: redis.Redis) -> Post:
    """One worker, where its kind makes no difference."""
    worker = roster.start(SPECS[0])
    assert isinstance(worker, SpawnedWorkers)
    return Post(worker, broker, client)


@contextlib.contextmanager
def opened_run(client: redis.Redis, jobs: int = 1) -> Iterator[Collector]:
    """A run that takes records."""
    with Collector(client, jobs) as collector:
        yield collector


def the_record(collector: Collector) -> JobRecord:
    """The first record of the run, waited for."""
    assert collector.read(int(SOON_S * 1000)) == 1
    [record] = collector.records.values()
    return record


#: Jobs that are none, by what is said of them.
NO_JOBS: dict[str, Any] = {
    "no kind of job is called 'dance'": {"kind": "dance"},
    "no kind of job is called None": {},
    "a job is an object with a kind, not list": [1, 2],
    "a job is an object with a kind, not NoneType": None,
    "a job is an object with a kind, not str": "file_check",
    "no kind of job is called ['file_check']": {"kind": ["file_check"]},
    "unknown field 'colour'": {"kind": "file_check", "files": ["a"], "colour": 1},
    "unknown field '\\ud800'": {"kind": "file_check", "files": ["a"], LONE: 1},
    "missing required field `files`": {"kind": "file_check"},
    "Expected `array`, got `str`": {"kind": "file_check", "files": "test001.txt"},
    "Expected `str`, got `int`": {"kind": "file_check", "files": [1]},
    "a file check names 1 to 1,000 files": {"kind": "file_check", "files": []},
    "without lone surrogates": {"kind": "file_check", "files": [LONE]},
    "a FEN is Unicode text": {"kind": "chess_move", "fen": LONE, "depth": 1},
    "either wait_ms or depth": {"kind": "chess_move", "fen": "x"},
    "depth lies in 1..5": {"kind": "chess_move", "fen": "x", "depth": 99},
    "is no FEN": {"kind": "chess_move", "fen": "x", "depth": 1},
    "wait_ms lies in": {"kind": "chess_move", "fen": "x", "wait_ms": -1},
    "the bounds are finite": {"kind": "trapezoid", "lower": float("nan"), "upper": 1.0, "steps": 1},
    "a segment covers": {"kind": "sieve", "start": 0, "stop": 10**12},
    "0 <= start < stop": {"kind": "sieve", "start": 0, "stop": 10**30},
}


def test_a_job_that_is_none_is_recorded_in_its_run(post: Post, client: redis.Redis) -> None:
    with opened_run(client, len(NO_JOBS)) as run:
        for index, job in enumerate(NO_JOBS.values()):
            post.send(post.message(run.run, {"index": index, "job": job}))
        deadline = time.monotonic() + SOON_S
        while not run.complete() and time.monotonic() < deadline:
            run.read(1000)
        errors = {index: str(record.error) for index, record in run.records.items()}
        for index, words in enumerate(NO_JOBS):
            assert words in errors.get(index, "no record at all")
            assert errors[index].startswith(("InvalidJobError: ", "InvalidPositionError: "))
        assert all(record.answer is None for record in run.records.values())
    post.does_the_next_job()


def test_a_job_whose_record_will_never_be_taken_is_dropped(post: Post, client: redis.Redis) -> None:
    run = uuid.uuid4().hex[:12]
    key = run_stream(run)
    client.set(key, "no stream", ex=60)
    said_before = len(post.log())
    post.send(post.message(run))
    post.does_the_next_job()
    client.delete(key)
    assert post.log()[said_before:].count("dropped a job: no record could be written: WRONGTYPE") == 1


@pytest.mark.parametrize("field", ["wrong", "self", "args", "kwargs", "message", LONE])
def test_a_field_that_no_message_has_is_an_error_of_its_job(
    one_post: Post, client: redis.Redis, field: str
) -> None:
    with opened_run(client) as run:
        one_post.send(one_post.message(run.run, {field: 1}))
        assert "a message has no field" in str(the_record(run).error)
    one_post.does_the_next_job()


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"run": ...}, "a message names its run, not None"),
        ({"run": 7}, "a message names its run, not 7"),
        ({"run": "simul:run:*"}, "a message names its run"),
        ({"run": LONE}, "a message names its run"),
        ({"run": "x" * 65}, "a message names its run"),
        ({"index": ...}, "a message names its index"),
        ({"index": "0"}, "a message names its index"),
        ({"index": -1}, "a message names its index"),
        ({"index": 1.0}, "a message names its index"),
        ({"index": True}, "a message names its index"),
        ({"index": 10**30}, "a message names its index"),
        ({"enqueued_ns": ...}, "a message says when it was enqueued"),
        ({"enqueued_ns": "now"}, "a message says when it was enqueued"),
        ({"enqueued_ns": float("inf")}, "a message says when it was enqueued"),
        ({"enqueued_ns": 10**30}, "a message says when it was enqueued"),
        ({"enqueued_ns": -(10**30)}, "a message says when it was enqueued"),
    ],
)
def test_a_message_of_no_run_is_recorded_as_rejected(
    one_post: Post, changes: dict[str, Any], words: str
) -> None:
    one_post.send(one_post.message("nowhere", changes))
    rejected = one_post.rejection()
    assert words in rejected["error"]
    assert rejected["worker"]
    one_post.does_the_next_job()


def test_positional_arguments_are_none_of_ours(post: Post) -> None:
    post.send({}, args=(1, LONE, "x" * 100_000))
    rejected = post.rejection()
    assert "keyword arguments only" in rejected["error"]
    assert len(rejected["what"]) <= 1000
    post.does_the_next_job()


def test_pickle_is_refused_and_never_loaded(post: Post, tmp_path: Path) -> None:
    post.send_body(
        pickle.dumps(_Bomb(tmp_path / "exploded")), "application/x-python-serialize", call_headers()
    )
    assert "ContentDisallowed" in post.rejection()["error"]
    post.does_the_next_job()
    assert not (tmp_path / "exploded").exists()


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        ("no JSON", "application/json"),
        ("", "application/json"),
        ("null", "application/json"),
        ("7", "application/json"),
        ("[]", "application/json"),
        ("[[], []]", "application/json"),
        ("[[], [], {}]", "application/json"),
        ("[7, {}, {}]", "application/json"),
        ("[[], {}, 7]", "application/json"),
        ("[" * 100_000, "application/json"),
        (b"\xff\xfe", "application/json"),
        (b"\x80\x04", "application/octet-stream"),
        ("run: 7", "application/x-yaml"),
        ("text", "text/plain"),
    ],
)
def test_a_body_that_is_no_call_of_a_task_is_recorded_as_rejected(
    one_post: Post, body: str | bytes, content_type: str
) -> None:
    one_post.send_body(body, content_type, call_headers())
    assert one_post.rejection()["error"]
    one_post.does_the_next_job()


@pytest.mark.parametrize("task", ["simul.undo", "", "os.system", "x" * 10_000, "with \n a new line", LONE])
def test_an_unknown_task_is_recorded_as_rejected(one_post: Post, task: str) -> None:
    one_post.send({}, task=task)
    rejected = one_post.rejection()
    assert "task" in rejected["error"]
    one_post.does_the_next_job()


@pytest.mark.parametrize("headers", [{}, {"task": None, "id": None}, {"id": "7"}, {"task": 7, "id": 7}])
def test_headers_that_name_no_task_are_recorded_as_rejected(one_post: Post, headers: dict[str, Any]) -> None:
    one_post.send_body("[[], {}, {}]", "application/json", headers)
    assert one_post.rejection()["error"]
    one_post.does_the_next_job()


def test_what_would_follow_or_limit_a_job_is_refused(one_post: Post) -> None:
    later = {"eta": "2100-01-01T00:00:00", "expires": "2000-01-01T00:00:00", "timelimit": [None, 0.1]}
    for name, value in later.items():
        one_post.put(packed({**call_headers(), name: value}))
        assert name in one_post.rejection()["error"]
    for link in ("callbacks", "errbacks", "chain", "chord", "args"):
        one_post.put(packed(call_headers(), [[], {}, {link: [{"task": "os.system"}]}]))
        assert link in one_post.rejection()["error"]
    one_post.does_the_next_job()


def test_headers_of_others_do_no_harm(one_post: Post, client: redis.Redis) -> None:
    # Celery makes attributes of headers, and these are methods: a slot of `get` would end without a record.
    others = {"get": 7, "update": None, "traceparent": "00-0af7", "redelivered": True, "stamps": {"a": "b"}}
    with opened_run(client) as run:
        one_post.put(packed({**call_headers(), **others}, [[], one_post.message(run.run), None]))
        assert the_record(run).error is None
    one_post.does_the_next_job()


#: What is no message at all, by what is said of it.
NO_ENVELOPES: dict[str, bytes] = {
    "Expecting value: line 1 column 1 (char 0)": b"",
    "JSONDecodeError": b"no envelope",
    "TypeError: list indices": b"[]",
    "TypeError: 'int' object": b"7",
    "TypeError: 'NoneType' object": b"null",
    "KeyError: 'properties'": b"{}",
    "KeyError: 'delivery_tag'": b'{"properties": {"delivery_info": {"exchange": "", "routing_key": ""}}}',
    "TypeError: headers is of the type int": b'{"headers": 7, "properties": {"delivery_info": '
    b'{"exchange": "", "routing_key": ""}, "delivery_tag": ""}}',
    "JSONDecodeError: Expecting value: line 1 column 1": b"\xff",
    "RecursionError": b"[" * 100_000,
    "nested more than 50 times": b'{"a":' * 200 + b"1" + b"}" * 200,
    "ValueError: ('Unsupported type'": b'{"__type__": "os.system", "__value__": "true"}',
}


def test_what_is_no_envelope_at_all_is_recorded_as_rejected(anywhere: Post) -> None:
    anywhere.put(*NO_ENVELOPES.values())
    for words, raw in NO_ENVELOPES.items():
        rejected = anywhere.rejection()
        assert rejected["what"] == repr(raw[:1000])[:1000]
        assert rejected["error"].startswith("InvalidJobError: not a message: ")
        assert words in rejected["error"]
    anywhere.does_the_next_job()


#: Damage to an envelope, each of which ends some part of a stock worker. Places are paths; ... is missing.
DAMAGE: list[tuple[tuple[str, ...], Any]] = [
    (("body",), 7),
    (("body",), "no base64"),
    (("content-type",), ["application/json"]),
    (("content-encoding",), 7),
    (("headers",), []),
    (("headers", "id"), ...),
    (("headers", "id"), ["unhashable"]),
    (("headers", "compression"), "application/x-bz2"),
    (("headers", "compression"), ["unhashable"]),
    (("headers", "eta"), 7),
    (("headers", "expires"), "never"),
    (("headers", "timelimit"), "soon"),
    (("headers", "timelimit"), ["a", "b"]),
    (("headers", "retries"), "x"),
    (("headers", "root_id"), {}),
    (("properties",), []),
    (("properties", "correlation_id"), {}),
    (("properties", "body_encoding"), "rot13"),
    (("properties", "delivery_tag"), ...),
    (("properties", "delivery_tag"), []),
    (("properties", "delivery_tag"), LONE),
    (("properties", "delivery_info"), 7),
    (("properties", "delivery_info", "exchange"), ...),
    (("properties", "delivery_info", "routing_key"), ["a"]),
]


def test_a_damaged_envelope_is_recorded_as_rejected(anywhere: Post) -> None:
    for path, value in DAMAGE:
        anywhere.put(damaged(anywhere.message("nowhere"), path, value))
        assert anywhere.rejection()["error"], (path, value)
    anywhere.does_the_next_job()


def test_a_call_in_the_older_protocol_is_done(anywhere: Post, client: redis.Redis) -> None:
    """As clients in Go, PHP and for node write it: all of it in the body, and no headers."""
    spellings: list[Any] = [..., None, [], {}]
    with opened_run(client, 4) as run:
        for index, headers in enumerate(spellings):
            anywhere.put(old_call(anywhere.message(run.run, {"index": index}), headers))
        deadline = time.monotonic() + SOON_S
        while not run.complete() and time.monotonic() < deadline:
            run.read(1000)
        assert [record.error for record in run.records.values()] == [None] * 4
    anywhere.does_the_next_job()


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"task": "os.system"}, "no task is called 'os.system'"),
        ({"id": 7}, "$.id"),
        ({"kwargs": []}, "$.kwargs"),
        ({"eta": "2100-01-01T00:00:00"}, "$.eta"),
        ({"callbacks": [{"task": "os.system"}]}, "$.callbacks"),
        ({"args": [[[]]]}, "$.args"),
    ],
)
def test_what_is_no_plain_call_is_none_in_the_older_protocol(
    one_post: Post, changes: dict[str, Any], words: str
) -> None:
    one_post.put(old_call(one_post.message("nowhere"), [], changes))
    assert words in one_post.rejection()["error"]
    one_post.does_the_next_job()


#: What a worker may use at the most, in bytes: some 80 MB are its own.
MOST_MEMORY = 400 * 1024 * 1024


def test_what_would_take_a_workers_memory_is_refused_unread(anywhere: Post) -> None:
    bomb = bz2.compress(bytes(50 * 1024 * 1024)) * 40  # 2 GiB in a few KiB
    for method in ("bzip2", "application/x-bz2", "no such method"):
        anywhere.put(compressed(bomb, method))
        assert "compressed" in anywhere.rejection()["error"]
    values = b"[[]" + b",[]" * 7_000_000 + b"]"  # 21 MB, which as values are 450 MB more
    anywhere.put(
        values, packed(call_headers()).replace(b'"headers": {', b'"headers": {"x": ' + values + b", ")
    )
    for _ in range(2):
        rejected = anywhere.rejection()
        assert "max_message_bytes" in rejected["error"]
        assert len(rejected["what"]) <= 1000
    anywhere.does_the_next_job()
    assert peak_memory(anywhere.pid) < MOST_MEMORY


def test_what_is_logged_of_a_message_is_a_line(one_post: Post) -> None:
    long = "x" * 1_000_000
    one_post.send({"run": long})
    one_post.send({}, task=long)
    one_post.put(packed({**call_headers(), "id": long}), packed({**call_headers(), long: {}}, long))
    for _ in range(4):
        assert len(one_post.rejection()["error"]) <= 1000
    one_post.does_the_next_job()
    log = one_post.log()
    assert "x" * 100 in log
    assert max(map(len, log.splitlines())) < 1100


def test_what_has_no_record_because_the_broker_refuses_it_is_dropped(one_post: Post) -> None:
    one_post.client.delete(REJECTED_STREAM)
    one_post.client.set(REJECTED_STREAM, "no stream")  # stands for a broker that is full
    try:
        one_post.put(b"no envelope")
        one_post.does_the_next_job()
    finally:
        one_post.client.delete(REJECTED_STREAM)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters()),
    lambda inside: (
        st.lists(inside, max_size=3) | st.dictionaries(st.text(st.characters()), inside, max_size=3)
    ),
    max_leaves=8,
)
paths = st.sampled_from(sorted({path[:end] for path, _ in DAMAGE for end in range(1, len(path) + 1)}))


# Not "run": a record of another run is nobody's.
fields = st.sampled_from(["index", "enqueued_ns", "job", "self", "args", "kwargs", LONE])
whatever = given(
    raws=st.lists(st.binary(max_size=100), max_size=10),
    envelopes=st.lists(json_values, max_size=10),
    damages=st.lists(st.tuples(paths, json_values | st.just(...)), max_size=10),
    bodies=st.lists(json_values, max_size=10),
    calls=st.lists(
        st.tuples(st.just([]) | json_values, st.dictionaries(fields, json_values), st.none() | json_values),
        max_size=10,
    ),
)


def each_is_done_or_rejected_once(
    post: Post,
    raws: list[bytes],
    envelopes: list[Any],
    damages: list[tuple[tuple[str, ...], Any]],
    bodies: list[Any],
    calls: list[tuple[Any, dict[str, Any], Any]],
) -> None:
    """Put all that into the queue, and account for it."""
    with opened_run(post.client) as run:
        message = post.message(run.run)
        everything = [
            *raws,
            *(json.dumps(envelope).encode() for envelope in envelopes),
            *(damaged(message, path, value) for path, value in damages),
            *(packed(call_headers(), body) for body in bodies),
            *(packed(call_headers(), [args, message | changes, links]) for args, changes, links in calls),
        ]
        post.put(*everything)
        done = rejected = 0
        deadline = time.monotonic() + SOON_S
        while done + rejected < len(everything) and time.monotonic() < deadline and post.worker.alive():
            done += run.read(1)
            rejected += len(post.rejections(1000))
        post.does_the_next_job()
        done, rejected = done + run.read(None), rejected + len(post.rejections(1000))
        assert done + rejected == len(everything)


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@whatever
def test_every_message_is_done_or_rejected_once_whatever_it_is(one_post: Post, **messages: Any) -> None:
    each_is_done_or_rejected_once(one_post, **messages)


@pytest.mark.thorough
@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@whatever
def test_every_message_is_done_or_rejected_once_everywhere(anywhere: Post, **messages: Any) -> None:
    each_is_done_or_rejected_once(anywhere, **messages)


def test_a_record_of_a_run_that_nobody_reads_makes_no_stream(one_post: Post, client: redis.Redis) -> None:
    one_post.send(one_post.message("a-run-long-gone"))
    one_post.does_the_next_job()
    assert client.exists("simul:run:a-run-long-gone") == 0


def test_only_the_newest_rejections_are_kept(one_post: Post, client: redis.Redis) -> None:
    for _ in range(3):
        one_post.send({})
        one_post.rejection()
    assert client.xlen(REJECTED_STREAM) <= 1200  # trimmed by whole nodes of the stream


def test_what_is_sent_twice_is_counted_and_not_recorded_again(post: Post, client: redis.Redis) -> None:
    jobs = [JOB] * 3
    with opened_run(client, 3) as run:
        for _ in range(2):
            for _ in publish(post.worker._around.app, jobs, post.queue, run.run):
                pass
        read = 0
        deadline = time.monotonic() + SOON_S
        while read < 6 and time.monotonic() < deadline:
            read += run.read(1000)
        assert (read, len(run.records), run.duplicates) == (6, 3, 3)
        assert run.missing() == []


def test_a_collector_accounts_for_every_record(client: redis.Redis, post: Post) -> None:
    with opened_run(client, 3) as run:
        assert run.read(None) == 0
        assert (run.complete(), run.missing()) == (False, [0, 1, 2])
        for index in (2, 0, 2):
            post.send(post.message(run.run, {"index": index}))
        seen = list(itertools.takewhile(lambda total: total < 3, _totals(run)))
        assert (run.missing(), run.duplicates, run.complete()) == ([1], 1, False), seen
        stream = f"simul:run:{run.run}"
        assert 0 < client.ttl(stream) <= 24 * 3600
    assert client.exists(stream) == 0


def _totals(run: Collector) -> Iterator[int]:
    total = 0
    deadline = time.monotonic() + SOON_S
    while time.monotonic() < deadline:
        total += run.read(1000)
        yield total


def test_a_job_that_was_never_asked_for_does_not_stand_for_one_that_was(
    one_post: Post, client: redis.Redis
) -> None:
    with opened_run(client, 1) as run:
        one_post.send(one_post.message(run.run, {"index": 5}))
        run.read(int(SOON_S * 1000))
        assert not run.complete()
        assert run.missing() == [0]


@pytest.mark.parametrize("fields", [{"record": "no JSON"}, {"record": "{}"}, {"other": "x"}])
def test_garbage_in_a_runs_stream_is_no_record(client: redis.Redis, fields: dict[Any, Any]) -> None:
    with opened_run(client, 1) as run:
        client.xadd(f"simul:run:{run.run}", fields)
        run.read(1000)
        assert run.records == {}


class _Bomb:
    """Leaves a trace wherever it is unpickled."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def __reduce__(self) -> tuple[Callable[..., Any], tuple[Any, ...]]:
        return Path.touch, (self._path,)
