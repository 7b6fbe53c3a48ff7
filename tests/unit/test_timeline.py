"""Lanes are slots found again; thinning hides no work; what is counted is what was open."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from producer.show.charts.timeline import derive
from producer.stats.lanes import count_most_at_once, pack
from tests.charted import Span, entry, placed

spans = st.lists(st.tuples(st.integers(0, 50), st.integers(0, 20)), min_size=1, max_size=60)


def by_start(pairs: list[tuple[int, int]]) -> tuple[list[float], list[float]]:
    """Starts and ends, in the order of the starts."""
    ordered = sorted(pairs)
    return [float(start) for start, _ in ordered], [float(start + length) for start, length in ordered]


@given(spans)
def test_jobs_in_one_lane_never_overlap(pairs: list[tuple[int, int]]) -> None:
    starts, ends = by_start(pairs)
    lanes = pack(starts, ends)
    for lane in set(lanes):
        mine = [(starts[i], ends[i]) for i in range(len(lanes)) if lanes[i] == lane]
        assert all(mine[i][1] <= mine[i + 1][0] for i in range(len(mine) - 1))


@given(st.lists(st.tuples(st.integers(0, 50), st.integers(1, 20)), min_size=1, max_size=60))
def test_there_are_as_many_lanes_as_jobs_were_ever_open(pairs: list[tuple[int, int]]) -> None:
    starts, ends = by_start(pairs)
    assert max(pack(starts, ends)) + 1 == count_most_at_once(np.array(starts), np.array(ends))


def test_a_job_that_starts_as_another_ends_takes_its_lane() -> None:
    assert pack([0.0, 0.0, 1.0, 1.5], [1.0, 2.0, 2.0, 3.0]) == [0, 1, 0, 2]


def test_the_lanes_of_a_process_lie_together() -> None:
    line = derive(entry(placed([(8, 0, 0, 2), (7, 0, 0, 1), (8, 0, 1, 3), (7, 0, 1, 2)])))
    assert line is not None
    assert line.workers == ("lab/7", "lab/8")
    assert line.lanes == (0, 1, 1)
    assert [(block.lane, block.index) for block in line.blocks] == [(0, 1), (0, 3), (1, 0), (2, 2)]
    assert (line.at_once, line.jobs, line.per_block) == (3, 4, 1)


def test_a_block_knows_what_its_job_waited_and_took() -> None:
    line = derive(entry(placed([(1, 0.0, 0.5, 2.0)]), wait_s=1.0))
    assert line is not None
    [block] = line.blocks
    assert (block.start_s, block.end_s, block.wait_s, block.service_s, block.alone_s) == (
        0.5,
        2.0,
        0.5,
        1.5,
        1.0,
    )
    assert line.stretch == 1.5


def test_many_jobs_are_thinned_and_none_is_lost() -> None:
    jobs: list[Span] = [(1, 0.0, place * 0.5, place * 0.5 + 0.25) for place in range(1000)]
    line = derive(entry(placed(jobs)), max_blocks=100)
    assert line is not None
    assert line.per_block == 10
    assert len(line.blocks) == 100
    assert sum(block.jobs for block in line.blocks) == 1000
    assert line.blocks[0].service_s == 0.25
    assert line.blocks[-1].end_s == line.makespan_s == 999 * 0.5 + 0.25


def test_the_run_of_the_median_makespan_is_drawn() -> None:
    runs = [placed([(1, 0, 0, length)], round_=place) for place, length in enumerate((9, 2, 3), 1)]
    line = derive(entry(*runs))
    assert line is not None
    assert line.entry.typical.round == 3


def test_without_a_valid_run_the_fullest_invalid_one_is_drawn() -> None:
    runs = [placed([], round_=1, problems=["died"]), placed([(1, 0, 0, 1)], round_=2, problems=["lost"])]
    line = derive(entry(*runs))
    assert line is not None
    assert line.entry.typical.round == 2


def test_a_run_without_records_has_no_timeline() -> None:
    assert derive(entry(placed([], problems=["died"]))) is None
