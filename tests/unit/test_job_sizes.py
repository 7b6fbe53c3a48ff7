"""The size of job at which Celery catches serial."""

from __future__ import annotations

from dataclasses import replace

import pytest

from producer.show.charts.entries import Field
from producer.show.report.job_sizes import write_job_sizes
from producer.show.teaching.job_sizes import compare_sizes
from tests.charted import compared, one_after_the_other


def _field(chunk: int, celery_s: float, serial_s: float = 4.0) -> Field:
    """Jobs of so many files, of which each takes 10 ms alone; Celery beside serial."""
    runs = [*one_after_the_other("serial", serial_s), *one_after_the_other("celery:prefork@2", celery_s)]
    _, field = compared(*runs, wait_s=0.0, work_s=0.01 * chunk)
    return replace(field, workload=replace(field.workload, chunk=chunk))


def test_it_is_caught_between_two_sizes_where_the_line_crosses_equal_speed() -> None:
    sizes = compare_sizes([_field(16, 2.0), _field(1, 16.0), _field(4, 8.0)])  # 0.25, 0.5 and 2 of its speed
    assert sizes
    assert [size.chunk for size in sizes.sizes] == [1, 4, 16]
    assert sizes.sentences == (
        "celery:prefork catches serial between 4 and 16 files in a job, where a job takes about 80.0\u00a0ms "
        "alone.",
    )


@pytest.mark.parametrize(
    ("celery_s", "sentence"),
    [
        (
            (16.0, 8.0),
            "celery:prefork has not caught serial with 4 files in a job (40.0\u00a0ms alone): there it has",
        ),
        ((4.0, 2.0), "celery:prefork is as fast as serial, or faster, from 1 file in a job on."),
    ],
)
def test_where_no_size_lies_between_it_says_so(celery_s: tuple[float, float], sentence: str) -> None:
    sizes = compare_sizes([_field(1, celery_s[0]), _field(4, celery_s[1])])
    assert sizes
    assert sizes.sentences[0].startswith(sentence)


def test_a_size_that_larger_ones_belie_is_not_where_it_was_caught() -> None:
    sizes = compare_sizes([_field(1, 2.0), _field(4, 8.0), _field(16, 2.0)])
    assert sizes
    assert sizes.sentences[0].startswith("celery:prefork catches serial between 4 and 16 files")
    sizes = compare_sizes([_field(1, 2.0), _field(4, 8.0)])
    assert sizes
    assert sizes.sentences[0].startswith("celery:prefork has not caught serial with 4 files")


def test_one_size_is_no_comparison() -> None:
    assert compare_sizes([_field(4, 1.0), _field(4, 2.0)]) is None
    assert compare_sizes([]) is None
    assert write_job_sizes([_field(1, 1.0)]) == ""


def test_the_page_frames_what_has_caught_up() -> None:
    page = write_job_sizes([_field(1, 16.0), _field(16, 2.0)])
    assert "<td>0.25</td>" in page
    assert "<td class=best>2.00</td>" in page
