"""Lanes are slots found again; thinning hides no work; what is counted is what was open."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from producer.show.charts.bars import STRIP, busy_share, describe_stalls, ran_share
from producer.show.charts.timeline import derive, draw
from producer.stats.lanes import Block, count_most_at_once, pack
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


def test_a_block_knows_for_how_long_its_jobs_ran_where_that_is_known_of_each() -> None:
    spans: list[Span] = [(1, 0, 0, 1), (1, 0, 1, 2), (1, 0, 2, 3)]
    blocks = blocks_of(spans, [0.5, 0.25, None])
    assert [block.cpu_s for block in blocks] == [0.5, 0.25, None]
    assert [ran_share(block) for block in blocks] == [0.5, 0.25, None]
    assert [block.cpu_s for block in blocks_of(spans, [0.5, 0.25, 0.25], 3)] == [pytest.approx(1 / 3)]
    assert [block.cpu_s for block in blocks_of(spans, [0.5, 0.25], 3)] == [None]


def test_neighbours_with_a_pause_between_ran_for_a_share_of_it_all() -> None:
    # Two seconds of work in four: what is filled is CPU time.
    [block] = blocks_of([(1, 0, 0, 1), (1, 0, 3, 4)], [0.5, 1.0], 2)
    assert (ran_share(block), busy_share(block)) == (0.375, 0.5)


def blocks_of(spans: list[Span], shares: list[float | None], per_block: int = 1) -> list[Block]:
    """The blocks of a run whose jobs ran for these shares of their time."""
    line = derive(entry(placed(spans, shares=shares)), max_blocks=len(spans) // per_block)
    assert line is not None
    return list(line.blocks)


def test_a_timeline_says_for_which_share_its_jobs_ran_and_when_the_loop_stood_still() -> None:
    known = derive(entry(placed([(1, 0, 0, 1), (1, 0, 1, 4)], shares=[1.0, 0.5])))
    held = derive(entry(placed([(1, 0, 0, 4)], "asyncio@2", stalls=[(1.0, 2.0)])))
    assert known is not None
    assert held is not None
    assert (known.ran, known.stalls) == (0.625, ())
    assert (held.ran, held.stalls) == (None, ((1.0, 2.0),))


def test_the_longest_stall_is_told_and_how_many_there_were() -> None:
    assert describe_stalls(()) is None
    assert describe_stalls([(0.5, 1.56)]) == (
        "Its event loop stood still for 1.56\u00a0s (hatched): "
        "meanwhile nothing else on the loop could go on."
    )
    assert "stood still 3 times, for 600\u00a0ms in all, once for 300\u00a0ms (" in (
        describe_stalls([(0.5, 0.1), (1.0, 0.3), (2.0, 0.2)]) or ""
    )


def test_a_drawing_hatches_the_stall_across_all_lanes_and_labels_it_once() -> None:
    spans: list[Span] = [(1, 0, 0, 4), (1, 0, 0, 4)]
    held = derive(entry(placed(spans, "asyncio@2", stalls=[(0.0, 2.0), (3.0, 0.06)])))
    free = derive(entry(placed(spans, "asyncio@2")))
    assert held is not None
    assert free is not None
    svg, without = draw(held).svg(""), draw(free).svg("")
    assert svg.count("stroke-opacity") == 2 * 2  # the slants and the rim of each
    assert svg.count("the loop stood still for 2.00\u00a0s") == svg.count("the loop stood still") == 1
    assert "stroke-opacity" not in without
    assert draw(held).height == draw(free).height + STRIP
