"""Speed against memory: names lie on nothing, and every mark can be told from the others."""

from __future__ import annotations

import itertools
import re
from xml.etree import ElementTree

import pytest

from producer.show.charts import costs, memory
from producer.show.svg.labels import Box, place_labels
from producer.show.svg.rows import NARROW, WIDE, Frame
from tests.charted import compared, placed


def test_names_of_marks_in_one_place_lie_on_no_other_and_within() -> None:
    names = [f"celery:eventlet@{number}" for number in range(12)]
    marks = [(250.0 + number % 3, 100.0 + number // 4) for number in range(12)]
    within = Box(0, 0, 500, 300)
    placed_labels = [label for label in place_labels(names, marks, within) if label]
    assert len(placed_labels) == len(names)
    assert all(within.holds(label.box) for label in placed_labels)
    for one, other in itertools.combinations(placed_labels, 2):
        assert not one.box.meets(other.box)
    assert any(label.led for label in placed_labels)


def test_a_name_without_room_is_left_out() -> None:
    assert place_labels(["a-name-that-is-too-long"], [(10.0, 10.0)], Box(0, 0, 40, 40)) == [None]


@pytest.mark.parametrize("frame", [WIDE, NARROW])
def test_a_mark_has_the_shape_and_the_colour_of_its_family(frame: Frame) -> None:
    here = placed([(1, 0, 0, 1)], "threads@2", memory_bytes=30 * 2**20)
    celery = placed([(1, 0, 0, 9)], "celery:threads@2", memory_bytes=400 * 2**20)
    svg = memory.draw(costs.derive(compared(here, celery)[1].entries), frame).svg("")
    assert len(re.findall(r'<circle[^>]*--here[^>]*data-tip="threads@2', svg)) == 1
    assert len(re.findall(r'<path[^>]*--celery[^>]*data-tip="celery:threads@2', svg)) == 1
    # 13 times the memory and 9 times the speed: distances are factors on both axes.
    texts = " ".join(ElementTree.fromstring(svg).itertext())
    assert texts.count("equal distances are equal factors") == 2


def test_who_is_out_of_sight_is_named() -> None:
    seen, unseen = placed([(1, 0, 0, 1)], "serial"), placed([(1, 0, 0, 1)], "threads@2", memory_bytes=None)
    text = memory.describe(costs.derive(compared(seen, unseen)[1].entries))
    assert text.endswith("The memory of threads@2 was out of sight.")
    assert memory.chart(compared(unseen)[1]) is None
