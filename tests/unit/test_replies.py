"""Whatever is answered: it is what a worker may say, or the worker is named. Nothing ends the lab."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Sequence
from typing import Any, cast

import pytest
from celery import Celery
from hypothesis import given
from hypothesis import strategies as st
from kombu.exceptions import OperationalError

from producer.contenders.celery_workers import external
from producer.contenders.celery_workers.external import ExternalWorkers, Fleet
from producer.contenders.celery_workers.replies import MAX_WORKERS, Queues, ask
from producer.contenders.celery_workers.waiting import is_consumed
from producer.contenders.spec import Spec
from producer.ranges import MAX_SLOTS
from producer.system.broker import Broker
from worker.errors import ContenderError

QUEUE = "simul.threads"
QUEUES = [{"name": QUEUE}]
STATS = {"pool": {"max-concurrency": 2}, "broker": {"transport": "celery_reliable_redis:Transport"}}
texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=10)
keys = texts | st.sampled_from(["pool", "broker", "name", "max-concurrency"])
values: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(keys, inner, max_size=3),
    max_leaves=6,
)


class Control:
    """Stands for Celery's; the replies to each question, in their order."""

    def __init__(self, **replies: Sequence[Any] | Exception) -> None:
        self._replies = replies

    def broadcast(self, question: str, *, callback: Callable[[Any], None], **_: Any) -> None:
        replies = self._replies.get(question, ())
        if isinstance(replies, Exception):
            raise replies
        for reply in replies:
            callback(reply)


@pytest.fixture(autouse=True)
def _at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(external, "APPEAR_S", 0)
    monkeypatch.setattr(external, "NOBODY_S", 0)


def app(**replies: Sequence[Any] | Exception) -> Celery:
    """An app whose workers answer so."""
    stands_in: Any = type("App", (), {"control": Control(**replies)})
    return cast(Celery, stands_in)


def start(app: Celery) -> None:
    """As the lab has it where others started the workers."""
    ExternalWorkers(Spec("celery:threads", 1), cast(Broker, None), app, Fleet(app)).start()


LIES: dict[str, tuple[Any, str]] = {
    "a thousand million slots": ({**STATS, "pool": {"max-concurrency": 10**9}}, "Expected `int` <= 10000"),
    "more than fit into a number": ({**STATS, "pool": {"max-concurrency": 10**30}}, "Expected `int`"),
    "no slots": ({**STATS, "pool": {"max-concurrency": 0}}, "Expected `int` >= 1"),
    "a negative number": ({**STATS, "pool": {"max-concurrency": -4}}, "Expected `int` >= 1"),
    "no number": ({**STATS, "pool": {"max-concurrency": "2"}}, "Expected `int`, got `str`"),
    "no pool": ({"broker": STATS["broker"]}, "missing required field `pool`"),
    "an empty pool": ({**STATS, "pool": {}}, "missing required field `max-concurrency`"),
    "a pool that is none": ({**STATS, "pool": None}, "Expected `object`"),
    "no broker": ({"pool": STATS["pool"]}, "missing required field `broker`"),
    "an error": ({"error": "KeyError('x')"}, "missing required field"),
    "a list": ([], "Expected `object`, got `array`"),
    "nothing": (None, "Expected `object`, got `null`"),
}


@pytest.mark.parametrize(("stats", "why"), LIES.values(), ids=LIES)
def test_a_worker_whose_stats_cannot_be_is_named_where_its_queue_is_wanted(stats: Any, why: str) -> None:
    lab = app(
        active_queues=[{"liar@lab": QUEUES}, {"one@lab": [{"name": "simul.solo"}]}],
        stats=[{"liar@lab": stats}, {"one@lab": STATS}],
    )
    fleet = Fleet(lab)
    with pytest.raises(ContenderError) as caught:
        fleet.slots(QUEUE)
    assert str(caught.value).startswith("the worker 'liar@lab' answers what cannot be (ask the workers): ")
    assert why in str(caught.value)
    assert fleet.slots("simul.solo") == {"one@lab": 2}


NO_QUEUES: list[Any] = [None, 7, "simul.threads", {}, [7], [{}], [{"name": 7}], [{"name": "x" * 999}]]


@pytest.mark.parametrize("queues", NO_QUEUES)
def test_where_nobody_knows_whose_jobs_a_worker_takes_it_is_named_for_every_queue(queues: Any) -> None:
    lab = app(active_queues=[{"one@lab": QUEUES}, {"liar\x1b@lab": queues}], stats=[{"one@lab": STATS}])
    with pytest.raises(ContenderError, match=r"^the worker 'liar\\x1b@lab' answers what cannot be"):
        start(lab)


@pytest.mark.parametrize("reply", [None, 7, [], "x", [{"one@lab": QUEUES}]])
def test_an_answer_of_nobody_is_none(reply: Any) -> None:
    lab = app(
        active_queues=[reply, {"one@lab": QUEUES}], stats=[reply, {"one@lab": STATS, "other@lab": STATS}]
    )
    assert Fleet(lab).slots(QUEUE) == {"one@lab": 2}


def test_workers_that_claim_too_many_slots_together_are_refused_before_any_job_is_made() -> None:
    names = [f"{number}@lab" for number in range(11)]
    most = {**STATS, "pool": {"max-concurrency": MAX_SLOTS}}
    lab = app(active_queues=[{name: QUEUES} for name in names], stats=[{name: most} for name in names])
    with pytest.raises(ContenderError, match="claim 110,000 slots"):
        start(lab)


def test_answers_without_end_come_to_one() -> None:
    heard = ask(app(active_queues=[{f"{n}@lab": QUEUES} for n in range(9999)]), "active_queues", Queues, 1.0)
    assert len(heard.answers) == MAX_WORKERS


@pytest.mark.parametrize(
    ("raised", "told"),
    [
        (OperationalError("gone"), "the broker went away (ask the workers): gone"),
        (TypeError("no"), "somebody answers with what is no message (ask the workers): TypeError: no"),
    ],
)
def test_what_ends_the_question_is_told_in_one_line(raised: Exception, told: str) -> None:
    lab = app(active_queues=raised, ping=raised)
    with pytest.raises(ContenderError) as caught:
        start(lab)
    assert str(caught.value).startswith(told)
    assert not is_consumed(lab, QUEUE)


@given(
    st.lists(values | st.dictionaries(st.sampled_from(["one@lab", "two@lab"]), values), max_size=3),
    st.lists(values | st.dictionaries(st.sampled_from(["one@lab", "two@lab"]), values), max_size=3),
)
def test_no_answers_end_the_lab(queues: list[Any], more: list[Any]) -> None:
    lab = app(active_queues=[*queues, {"one@lab": QUEUES}], stats=[*more, {"one@lab": STATS}], ping=more)
    is_consumed(lab, QUEUE)
    fleet = Fleet(lab)
    with contextlib.suppress(ContenderError):
        assert all(1 <= count <= MAX_SLOTS for count in fleet.slots(QUEUE).values())
        fleet.missing(QUEUE)
