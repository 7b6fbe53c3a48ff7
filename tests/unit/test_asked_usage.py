"""Of what workers say they use, only what all have said is summed, and nothing that cannot be is believed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

import pytest
from celery import Celery
from kombu.exceptions import OperationalError

from producer.contenders.celery_workers import asked_usage
from producer.contenders.celery_workers.asked_usage import AskedUsage
from producer.ranges import MAX_S
from producer.system.usage import Usage, WorkerUsage
from tests.helpers import until
from tests.unit.test_replies import Control

ONE, TWO = "one@lab", "two@lab"
#: What a worker of an older simul, and Celery without simul, answer.
REFUSALS = [{"error": "no command is called 'usage', ..."}, {"error": "KeyError('usage')"}]


def answer(memory_bytes: Any = 100, cpu_s: Any = 5.0, life: Any = "a") -> dict[str, Any]:
    return {"memory_bytes": memory_bytes, "cpu_s": cpu_s, "life": life}


def asked(nodes: Sequence[str], *answers: Any) -> AskedUsage:
    """Workers that were asked as often as there are answers: two at least, at both ends of a run."""
    questions = iter(answers)

    class InTurn(Control):
        def broadcast(self, question: str, **more: Any) -> None:
            assert question == "usage"
            self._replies = {question: next(questions)}
            super().broadcast(question, **more)

    stands_in: Any = type("App", (), {"control": InTurn()})
    usage = AskedUsage(cast(Celery, stands_in), nodes)
    with usage.watch():
        for _ in answers[2:]:
            usage._ask()
    assert next(questions, None) is None
    return usage


def test_memory_is_the_highest_sum_and_cpu_time_the_difference() -> None:
    used = asked(
        [ONE, TWO],
        [{ONE: answer(100, 5.0)}, {TWO: answer(200, 7.0)}],
        [{ONE: answer(300, 5.5)}, {TWO: answer(100, 7.5)}],
        [{ONE: answer(50, 6.0)}, {TWO: answer(250, 9.5)}],
    )
    workers = [WorkerUsage(ONE, 300, 1.0), WorkerUsage(TWO, 250, 2.5)]
    assert (used.usage(), used.faults) == (Usage(400, 3.5, workers), {})


def test_who_does_not_answer_meanwhile_has_what_it_said_last() -> None:
    used = asked(
        [ONE, TWO],
        [{ONE: answer(100)}, {TWO: answer(200)}],
        [{TWO: answer(300)}],
        [{ONE: answer(100)}, {TWO: answer(100)}],
    )
    assert used.usage().peak_memory_bytes == 400


@pytest.mark.parametrize("refusal", REFUSALS)
def test_of_a_worker_that_does_not_know_the_question_nothing_is_known_and_of_all_no_sum(refusal: Any) -> None:
    says = [{ONE: answer()}, {TWO: refusal}]
    used = asked([ONE, TWO], says, says)
    assert used.usage() == Usage(None, None, [WorkerUsage(ONE, 100, 0.0), WorkerUsage(TWO, None, None)])
    assert used.faults == {}
    assert asked([TWO], [{TWO: refusal}], [{TWO: refusal}]).usage() == Usage()


def test_of_a_worker_that_was_started_anew_no_cpu_time_is_known() -> None:
    used = asked([ONE], [{ONE: answer(100, 5.0)}], [{ONE: answer(90, 6.0, life="b")}])
    assert used.usage() == Usage(100, None, [WorkerUsage(ONE, 100, None)])


def test_a_child_that_is_missed_in_the_sum_makes_no_negative_time() -> None:
    assert asked([ONE], [{ONE: answer(cpu_s=5.0)}], [{ONE: answer(cpu_s=4.9)}]).usage().cpu_s == 0


@pytest.mark.parametrize(
    "lie",
    [
        *(answer(memory_bytes=value) for value in (-1, 2**51, 10**30, 1.5, "1", float("nan"), True)),
        *(answer(cpu_s=value) for value in (-0.1, 1e11, 10**400, "1", float("nan"), float("inf"))),
        *(answer(life=value) for value in (7, ["a"], "a" * 301)),
        *([], None, 7, "x"),
    ],
)
def test_what_cannot_be_is_not_believed_and_its_sender_is_named(lie: Any) -> None:
    used = asked([ONE], [{ONE: lie}], [{ONE: lie}])
    assert used.usage() == Usage()
    assert used.faults.keys() == {ONE}


def test_more_cpu_time_than_any_machine_has_is_not_believed() -> None:
    used = asked([ONE], [{ONE: answer(cpu_s=0.0)}], [{ONE: answer(cpu_s=1e9)}])
    assert used.usage().cpu_s is None
    assert used.faults[ONE].startswith("1,000,000,000 s of CPU time in ")


def test_nor_is_more_than_a_result_can_hold(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asked_usage, "MOST_CORES", 10**12)  # as in a run of a week
    used = asked([ONE], [{ONE: answer(cpu_s=0.0)}], [{ONE: answer(cpu_s=MAX_S + 1.0)}])
    assert used.usage().cpu_s is None
    assert used.faults.keys() == {ONE}
    most = [{node: answer(cpu_s=MAX_S)} for node in (ONE, TWO)]
    used = asked([ONE, TWO], [{ONE: answer(cpu_s=0.0)}, {TWO: answer(cpu_s=0.0)}], most)
    assert (used.usage().cpu_s, used.faults) == (None, {})


def test_they_are_asked_on_and_on_within_a_run(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asked_usage, "INTERVAL_S", 0.001)
    memory = iter(range(1, 10**9))

    class Growing(Control):
        def broadcast(self, question: str, **more: Any) -> None:
            self._replies = {question: [{ONE: answer(next(memory))}]}
            super().broadcast(question, **more)

    growing: Any = type("App", (), {"control": Growing()})
    used = AskedUsage(cast(Celery, growing), [ONE])
    with used.watch():
        until(lambda: (used.usage().peak_memory_bytes or 0) > 5, "it is asked for the fifth time")
    assert used.usage().peak_memory_bytes == next(memory) - 1  # nobody asks any more


def test_a_broker_that_has_gone_is_no_trouble_here() -> None:
    gone: Any = type("App", (), {"control": Control(usage=OperationalError("gone"))})
    used = AskedUsage(cast(Celery, gone), [ONE])
    with used.watch():
        pass
    assert (used.usage(), used.faults) == (Usage(), {})
