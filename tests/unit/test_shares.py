"""The parts of a run add up to its makespan, and each is what it says."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from producer.results import Records, Run
from producer.show.charts import bounds, shares
from producer.show.svg.rows import NARROW
from producer.stats.shares import Part, divide
from producer.stats.summary import summaries
from producer.words import SPACE
from tests.charted import Span, compared, placed
from tests.made import MACHINE, run


def ran(*jobs: tuple[int, int, int, int], slots: int = 1, **changes: Any) -> Run:
    """A run of jobs that were enqueued, received, started and finished at these milliseconds."""
    columns = np.array(sorted(jobs)) * 1000
    steps = [np.diff(columns[:, 0], prepend=columns[0, 0]), *np.diff(columns, axis=1).T]
    enqueued, received, started, finished = ([int(value) for value in step] for step in steps)
    records = Records(list(range(len(jobs))), [0] * len(jobs), enqueued, received, started, finished)
    return run(jobs=len(jobs), slots=slots, records=records, **changes)


def parts(made: Run, alone_ms: float = 10) -> dict[Part, object]:
    """The milliseconds of each part that there is, where each job takes so long alone."""
    divided = divide(made, np.full(made.jobs, alone_ms / 1000))
    return {part: pytest.approx(1000 * value) for part, value in divided.seconds.items() if value > 1e-9}


@pytest.mark.parametrize(
    ("made", "expected"),
    [
        (ran((0, 0, 0, 10)), {Part.JOB: 10}),
        (ran((0, 0, 0, 25)), {Part.JOB: 10, Part.STRETCHED: 15}),
        (ran((0, 0, 3, 13)), {Part.HANDING: 3, Part.JOB: 10}),
        (ran((0, 4, 4, 14)), {Part.QUEUE: 4, Part.JOB: 10}),
        # The second is sent when the first has long been done; who waits in the queue keeps no slot free.
        (ran((0, 0, 0, 10), (30, 30, 30, 40)), {Part.JOB: 20, Part.SENDING: 20}),
        (ran((0, 0, 0, 10), (0, 0, 10, 20)), {Part.JOB: 20}),
        # Two slots and three jobs: one is free while the last is done.
        (ran((0, 0, 0, 10), (0, 0, 0, 10), (0, 0, 10, 20), slots=2), {Part.JOB: 15, Part.LEFT: 5}),
        # Four slots: beside the first job one is received, one in the queue, and one not sent yet.
        (
            ran((0, 0, 0, 10), (0, 0, 10, 20), (0, 10, 10, 20), (10, 10, 10, 20), slots=4),
            {Part.JOB: 10, Part.HANDING: 2.5, Part.QUEUE: 2.5, Part.SENDING: 2.5, Part.LEFT: 2.5},
        ),
        # More jobs are open than there are slots.
        (ran((0, 0, 0, 10), (0, 0, 0, 10)), {Part.JOB: 10}),
    ],
)
def test_each_moment_of_a_slot_is_one_of_six(made: Run, expected: dict[Part, float]) -> None:
    assert parts(made) == expected


def test_a_run_without_a_record_has_no_parts() -> None:
    assert divide(run(records=Records()), np.array([])).makespan_s == 0


def test_the_largest_part_is_named() -> None:
    divided = divide(ran((0, 0, 30, 40)), np.array([0.01]))
    assert divided.largest is Part.HANDING
    assert divided.share([Part.HANDING]) == pytest.approx(0.75)


JOB = st.tuples(*[st.integers(0, 50)] * 4).map(lambda steps: tuple(int(at) for at in np.cumsum(steps)))


@given(st.lists(JOB, min_size=1, max_size=20), st.integers(1, 8), st.floats(0, 0.1))
def test_the_parts_add_up_to_the_makespan(
    jobs: list[tuple[int, int, int, int]], slots: int, alone_s: float
) -> None:
    made = ran(*jobs, slots=slots)
    divided = divide(made, np.full(len(jobs), alone_s))
    assert divided.makespan_s == pytest.approx(made.times.makespan_s)
    assert all(value >= -1e-12 for value in divided.seconds.values())


def sentence(*runs: Run, wait_s: float = 0.0, work_s: float = 1.0, slots: int = 2, **changes: Any) -> str:
    """What is said of the largest part of the first of these contenders."""
    made, field = compared(
        *(replace(each, slots=slots, **changes) for each in runs), wait_s=wait_s, work_s=work_s
    )
    rows = bounds.derive(field)
    [line] = bounds.describe_bounds(made, made.workloads[0], summaries(made, made.workloads[0]))
    assert line == bounds.describe(rows, field)
    assert "where the time" not in shares.draw(rows, field, NARROW).svg("")
    return bounds.describe_largest(rows[0], field).replace(SPACE, " ")


def test_four_workers_that_stood_free_for_most_of_a_run_are_not_said_to_be_bound_by_waiting() -> None:
    # Of 400 jobs that wait for a tenth of a second, one is sent every hundredth: ten are open at a time.
    spans = [(1, at / 100, at / 100, at / 100 + 0.1) for at in range(400)]
    said = sentence(placed(spans, "celery:gevent@32x4"), wait_s=0.1, work_s=0.0, slots=128)
    assert said == (
        "celery:gevent@32x4: 77 % of its slots' time passed while slots were free and no further job had "
        "been sent: the sender bound it."
    )


def received_at_once(made: Run) -> Run:
    """The same run, in which jobs were received when they were enqueued."""
    records = made.records
    made.records = replace(records, received_us=[0] * made.jobs, started_us=records.received_us)
    return made


def test_jobs_that_lie_received_are_told_from_those_in_the_queue() -> None:
    late: list[Span] = [(1, 0, 9, 10), (1, 0, 9, 10)]
    assert "not at a worker yet: the messages bound it" in sentence(placed(late, "celery:threads@2"))
    assert "most of them at a worker: what a worker does for each message" in sentence(
        received_at_once(placed(late, "celery:threads@2"))
    )


def test_slots_that_one_thread_serves_are_held_up_while_it_computes() -> None:
    one_by_one: list[Span] = [(1, 0, at, at + 1) for at in range(8)]
    made = replace(placed(one_by_one, "celery:gevent@4"), slots=4)
    alone = np.ones(8)
    # Beside each job three slots are free, for which there are 7, 6, 5, ... jobs.
    assert divide(made, alone, threads=1).seconds[Part.STRETCHED] == pytest.approx((3 * 5 + 2 + 1) / 4)
    assert divide(made, alone, threads=2).seconds[Part.STRETCHED] == 0
    assert divide(made, alone).seconds[Part.QUEUE] == pytest.approx((3 * 5 + 2 + 1) / 4)
    said = sentence(placed(one_by_one, "celery:gevent@4"), slots=4)
    assert said.startswith("celery:gevent@4: 56 % of its slots' time was spent held up: one thread does all")
    assert "jobs in the queue" not in sentence(placed(one_by_one, "celery:gevent@4"), slots=4)
    assert "held up" not in sentence(placed(one_by_one, "celery:gevent@4"), slots=4, wait_s=1.0, work_s=0.0)


def test_slots_of_a_loop_that_stood_still_are_held_up_even_if_the_jobs_wait() -> None:
    one_by_one: list[Span] = [(1, 0, at, at + 1) for at in range(8)]
    blocked = placed(one_by_one, "asyncio@4", stalls=[(0, 7.9)])
    said = sentence(blocked, slots=4, wait_s=1.0, work_s=0.0)
    assert said.startswith(
        "asyncio@4: 56 % of its slots' time was spent held up: one thread does all its jobs"
    )
    awaited = sentence(placed(one_by_one, "asyncio@4", stalls=[(0, 3.9)]), slots=4, wait_s=1.0, work_s=0.0)
    assert "held up" not in awaited


@pytest.mark.parametrize(
    ("contender", "spans", "wait_s", "words"),
    [
        (
            "serial",
            [(1, 0, 0, 1), (1, 0, 1, 2), (1, 0, 2, 3)],
            0.0,
            "on one core: processes could use others",
        ),
        (
            "processes@2",
            [(1, 0, 0, 1), (2, 0, 0, 1), (1, 0, 1, 2)],
            0.0,
            "which compute on all the cores there are: more cores, each with a slot, could do more",
        ),
        (
            "threads@2",
            [(1, 0, 0, 1), (1, 0, 0, 1), (1, 0, 1, 2), (1, 0, 1, 2)],
            1.0,
            "which wait: more slots",
        ),
        (
            "threads@2",
            [(1, 0, 1.2, 2.2), (1, 0, 1.2, 2.2), (1, 0, 2.2, 3.2)],
            1.0,
            "for longer than that its slots stood free, so more of them would gain little",
        ),
        ("threads@2", [(1, 0, 0, 1), (1, 0, 0, 1)], 1.0, ": 2 jobs, and a slot for each."),
        ("threads@2", [(1, 0, 0, 3), (1, 0, 0, 3)], 0.0, "was spent held up: the GIL lets one of them run"),
        (
            "processes@2",
            [(1, 0, 0, 3), (2, 0, 0, 3)],
            0.0,
            "open at the same time is not running at the same",
        ),
        ("processes@2", [(1, 0, 9, 10), (2, 0, 9, 10)], 0.0, "handing them over bound it"),
        (
            "celery:gevent@2",
            [(1, 0, 9, 10), (1, 0, 9, 10)],
            0.0,
            "not at a worker yet: the messages bound it",
        ),
        (
            "threads@2",
            [(1, 0, 0, 1), (1, 0, 0, 1), (1, 0, 1, 2), (1, 0, 2, 9)],
            0.0,
            "no job was left: 4 jobs did not",
        ),
    ],
)
def test_the_largest_part_is_said_with_what_it_is_a_sign_of(
    contender: str, spans: list[Span], wait_s: float, words: str
) -> None:
    said = sentence(placed(spans, contender), wait_s=wait_s, work_s=1 - wait_s)
    assert said.startswith(f"{contender}: ")
    assert words in said


def test_more_slots_are_proposed_only_where_there_are_cores_for_them() -> None:
    spans: list[Span] = [(1, 0, 0, 1), (2, 0, 0, 1), (1, 0, 1, 2)]
    _, field = compared(
        placed(spans, "processes@2"), wait_s=0.0, work_s=1.0, machine=replace(MACHINE, cores=4)
    )
    [row] = bounds.derive(field)
    assert "which compute: more slots, each on a core, could do more" in bounds.describe_largest(row, field)


def test_serial_is_not_sent_to_other_cores_where_there_is_one() -> None:
    alone = replace(placed([(1, 0, 0, 1), (1, 0, 1, 2)], "serial"), slots=1)
    _, field = compared(alone, wait_s=0.0, work_s=1.0, machine=replace(MACHINE, cores=1))
    [row] = bounds.derive(field)
    assert "on all the cores there are" in bounds.describe_largest(row, field)


def test_what_comes_near_the_largest_part_is_named_too() -> None:
    said = sentence(placed([(1, 0, 0, 1.9), (1, 0, 0, 1.9)]))
    assert said.endswith(" Nearly as much, 47 %: held up.")


def test_on_the_page_the_drawing_says_it_of_each_and_the_sentence_of_the_fastest() -> None:
    _, field = compared(placed([(1, 0, 0, 1)], "serial"), placed([(1, 0, 0, 2)], "threads@2"), work_s=1.0)
    made = shares.chart(field)
    assert made
    assert made.sentence.startswith("serial: ")
    assert "threads@2" not in made.sentence


def test_the_parts_of_all_contenders_are_in_one_sentence() -> None:
    made, field = compared(
        placed([(1, 0, 0, 1), (1, 0, 0, 1)]), placed([(1, 0, 9, 10), (1, 0, 9, 10)], "celery:solo")
    )
    said = bounds.describe(bounds.derive(field), field).replace(SPACE, " ")
    assert made.workloads[0] is field.workload
    assert said.endswith(
        "What took the most of their slots' time. The job itself: threads@2 (100 %); jobs sent, not started: "
        "celery:solo (90 %)."
    )


def test_jobs_that_nobody_starts_are_one_bound_wherever_they_lie() -> None:
    # Half as long in the queue as at the worker; neither is more than the job itself.
    divided = divide(ran((0, 3, 9, 17)), np.array([0.008]))
    assert divided.bound == (Part.QUEUE, Part.HANDING)
    assert divided.largest is Part.HANDING
    assert divided.share(divided.bound) == pytest.approx(9 / 17)
