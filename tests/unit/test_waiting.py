"""How long answers are waited for, with the clock in hand."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest
from celery import Celery

from producer.contenders.celery_workers import waiting
from producer.contenders.celery_workers.waiting import AGAIN_S, QUIET_S, Waiting
from worker.pools import POOLS


class Lab:
    """A clock that stands still, and workers that are there or not."""

    def __init__(self) -> None:
        self.now_s = 100.0
        self.somebody = True
        self.asked = 0
        self.told: list[str] = []

    def monotonic(self) -> float:
        return self.now_s

    def is_consumed(self, *_: object) -> bool:
        self.asked += 1
        return self.somebody


@pytest.fixture
def lab(monkeypatch: pytest.MonkeyPatch) -> Lab:
    lab = Lab()
    monkeypatch.setattr(time, "monotonic", lab.monotonic)
    monkeypatch.setattr(waiting, "is_consumed", lab.is_consumed)
    return lab


@pytest.fixture
def patient(lab: Lab) -> Callable[[float], bool]:
    """Waits 60 s for workers that are there."""
    return Waiting(Celery(set_as_current=False), POOLS["solo"], lab.told.append, patience_s=60.0)


def test_nobody_is_asked_while_answers_come(lab: Lab, patient: Callable[[float], bool]) -> None:
    assert all(patient(quiet_s) for quiet_s in (0.0, 0.1, 0.99 * QUIET_S))
    assert (lab.asked, lab.told) == (0, [])


def test_workers_that_are_there_are_waited_for_so_long(lab: Lab, patient: Callable[[float], bool]) -> None:
    for quiet_s in (2.0, 30.0, 60.0, 60.1):
        lab.now_s = 100.0 + quiet_s
        assert patient(quiet_s) == (quiet_s <= 60.0)
    assert lab.told == []


def test_where_nobody_is_it_is_said_once_and_waited_on(lab: Lab, patient: Callable[[float], bool]) -> None:
    lab.somebody = False
    for quiet_s in (1.0, 1.1, 61.0, 3600.0):
        lab.now_s = 100.0 + quiet_s
        assert patient(quiet_s)
    [line] = lab.told
    assert line.startswith("no worker on simul.solo answers: ")
    assert "`simul worker --pool solo`" in line
    assert lab.asked == 3  # not again within AGAIN_S


def test_who_comes_late_has_all_the_time(lab: Lab, patient: Callable[[float], bool]) -> None:
    lab.somebody = False
    assert patient(500.0)
    lab.somebody, lab.now_s = True, lab.now_s + 2 * AGAIN_S
    assert patient(510.0)
    lab.now_s += 60.0
    assert patient(570.0)
    lab.now_s += 0.1
    assert not patient(570.1)
    assert lab.told[1:] == ["a worker on simul.solo answers now"]
