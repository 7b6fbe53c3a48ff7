"""The slots of the asyncio pool."""

from __future__ import annotations

import pytest

from celery_asyncio_pool.execution import Execution
from celery_asyncio_pool.slots import Slots


def execution() -> Execution:
    return Execution(lambda: None, (), {})


def test_an_execution_takes_a_slot_or_waits() -> None:
    slots = Slots(1)
    first, second = execution(), execution()
    assert slots.take_or_wait(first)
    assert not slots.take_or_wait(second)
    assert (list(slots.running.values()), slots.waiting) == ([first], 1)
    assert slots.next() is None
    slots.free(first)
    assert slots.next() is second


def test_nobody_overtakes_those_who_wait() -> None:
    slots = Slots(1)
    first, second, third = execution(), execution(), execution()
    slots.take_or_wait(first)
    slots.take_or_wait(second)
    slots.free(first)
    assert not slots.take_or_wait(third)
    assert slots.next() is second
    slots.free(second)
    assert slots.next() is third


def test_a_pool_that_shrinks_lets_tasks_end() -> None:
    slots = Slots(2)
    executions = [execution() for _ in range(3)]
    for each in executions:
        slots.take_or_wait(each)
    assert slots.resize(-1) == 1
    slots.free(executions[0])
    assert slots.next() is None
    slots.free(executions[1])
    assert slots.next() is executions[2]


def test_there_are_never_fewer_slots_than_none() -> None:
    slots = Slots(1)
    with pytest.raises(ValueError, match="cannot take 2 slots from a pool of 1"):
        slots.resize(-2)
    assert slots.limit == 1


def test_what_waits_can_be_forgotten() -> None:
    slots = Slots(0)
    slots.take_or_wait(execution())
    slots.forget_waiting()
    slots.resize(1)
    assert slots.next() is None
