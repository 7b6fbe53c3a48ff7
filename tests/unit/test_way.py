"""The way of a job: who is on it, and how long each part takes."""

from __future__ import annotations

from dataclasses import replace
from xml.etree import ElementTree

import pytest

from producer.contender_name import ContenderName
from producer.contenders.protocol import Outcome
from producer.results import Run, run_from
from producer.show.charts import way
from producer.show.svg.rows import NARROW, WIDE, Frame
from producer.words import SPACE
from tests.charted import compared, placed
from worker.records import JobRecord

MS = 1_000_000


def through_celery() -> Run:
    """Two jobs through a broker: 10 ms in the queue, 5 ms until a slot is free, 20 ms being done."""
    records = [JobRecord(index, f"lab/{index}", 0, 10 * MS, 15 * MS, 35 * MS, {}) for index in range(2)]
    name = ContenderName.parse("celery:prefork@1x2")
    outcome = Outcome(records, slots=2)
    return run_from("waits", name, 1, 1.0, outcome, jobs=2, used=None, broker_cpu_s=None)


def test_each_part_of_the_way_is_a_mean_over_the_jobs() -> None:
    here = placed([(1, 0, 0.0, 1), (1, 0, 0.5, 1)], "threads@2")
    made = way.chart(compared(through_celery(), here)[1])
    assert made is not None
    assert made.sentence.replace(SPACE, " ") == (
        "With celery:prefork@1x2 a job's message lies 10.0 ms in the queue, then the job waits 5.00 ms in "
        "the worker and is done in 20.0 ms. "
        "With threads@2 a job waits 250 ms for a slot and is done in 750 ms: no message."
    )


@pytest.mark.parametrize("frame", [WIDE, NARROW])
def test_the_drawing_counts_what_is_on_the_way(frame: Frame) -> None:
    [entry] = compared(through_celery())[1].entries
    svg = way.draw([way.derive(entry)], frame).svg("")
    texts = " ".join(ElementTree.fromstring(svg).itertext()).replace(SPACE, " ")
    for part in ("makes 2 jobs", "keeps 2 messages", "2 workers", "pool: prefork", "2 processes", "2 slots"):
        assert part in texts
    assert svg.count('width="6" height="6"') == 2


def test_the_best_of_each_family_is_shown_and_nobody_without_a_valid_run() -> None:
    slow, fast = placed([(1, 0, 0, 2)], "serial"), placed([(1, 0, 0, 1)], "threads@2")
    made = way.chart(compared(slow, fast)[1])
    assert made is not None
    assert "threads@2" in made.sentence
    assert "serial" not in made.sentence
    assert way.chart(compared(replace(fast, problems=["its process died"]))[1]) is None
