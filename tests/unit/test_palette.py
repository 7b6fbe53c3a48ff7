"""Each colour means one thing; whoever is colour-blind can tell those that meet apart."""

from __future__ import annotations

import itertools
from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import pytest

from producer.show.charts.shares import COLOURS
from producer.show.report.overview import FULLEST
from producer.show.svg.palette import DARK, LIGHT, PROCESSES
from tests.unit.test_drawing import contrast

#: How the three kinds of colour blindness see linear RGB (Machado, Oliveira and Fernandes 2009, severity 1).
SEEN_BY = {
    "everybody": np.eye(3),
    "protanopia": np.array(
        [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]]
    ),
    "deuteranopia": np.array(
        [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]]
    ),
    "tritanopia": np.array(
        [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]]
    ),
}
#: Linear RGB to the cone responses of OKLab, and those to its three axes (bottosson.github.io/posts/oklab).
CONES = np.array(
    [
        [0.41222147, 0.53633254, 0.05144599],
        [0.2119035, 0.68069955, 0.10739696],
        [0.08830246, 0.28171884, 0.6299787],
    ]
)
AXES = np.array(
    [
        [0.21045426, 0.79361778, -0.00407205],
        [1.9779985, -2.42859221, 0.45059371],
        [0.02590404, 0.78277177, -0.80867577],
    ]
)


def place(colour: str, eye: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Where #rrggbb lies in OKLab for that eye."""
    parts = np.array([int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)])
    linear = np.where(parts <= 0.04045, parts / 12.92, ((parts + 0.055) / 1.055) ** 2.4)
    placed: npt.NDArray[np.float64] = AXES @ np.cbrt(CONES @ np.clip(eye @ linear, 0, 1))
    return placed


def distance(theme: Mapping[str, str], one: str, other: str, eye: str) -> float:
    """How far apart two named colours are for that eye; 1 is from black to white."""
    places = [place(theme[name], SEEN_BY[eye]) for name in (one, other)]
    return float(np.linalg.norm(places[0] - places[1]))


@pytest.mark.parametrize("theme", [LIGHT, DARK])
def test_no_colour_has_two_names(theme: Mapping[str, str]) -> None:
    assert len(set(theme.values())) == len(theme)


@pytest.mark.parametrize("theme", [LIGHT, DARK])
@pytest.mark.parametrize("eye", SEEN_BY)
def test_colours_that_meet_are_told_apart(theme: Mapping[str, str], eye: str) -> None:
    assert distance(theme, "here", "celery", eye) > 0.2
    assert distance(theme, "faster", "slower", eye) > 0.1
    for number in range(PROCESSES):
        neighbour = f"process-{(number + 1) % PROCESSES}"
        assert distance(theme, f"process-{number}", neighbour, eye) > 0.15


@pytest.mark.parametrize("theme", [LIGHT, DARK])
def test_a_process_looks_like_no_family_and_no_verdict(theme: Mapping[str, str]) -> None:
    others = ("here", "celery", "faster", "slower", "bad")
    for number, other in itertools.product(range(PROCESSES), others):
        assert distance(theme, f"process-{number}", other, "everybody") > 0.05


@pytest.mark.parametrize("theme", [LIGHT, DARK])
@pytest.mark.parametrize("eye", SEEN_BY)
def test_the_parts_of_a_makespan_are_told_apart_and_look_like_no_family(
    theme: Mapping[str, str], eye: str
) -> None:
    parts = list(dict.fromkeys(COLOURS.values()))
    for part, other in itertools.combinations(parts, 2):
        assert distance(theme, part, other, eye) > 0.06
    for part, family in itertools.product(parts, ("here", "celery")):
        assert distance(theme, part, family, "everybody") > 0.08


@pytest.mark.parametrize("theme", [LIGHT, DARK])
@pytest.mark.parametrize("shade", ["faster", "slower"])
def test_a_number_can_be_read_on_the_fullest_shade(theme: Mapping[str, str], shade: str) -> None:
    ends = [[int(theme[name][at : at + 2], 16) for at in (1, 3, 5)] for name in (shade, "paper")]
    part = FULLEST / 100
    mixed = "".join(
        f"{round(part * full + (1 - part) * paper):02x}" for full, paper in zip(*ends, strict=True)
    )
    # WCAG 2.2: 4.5 for text.
    assert contrast(theme["ink"], f"#{mixed}") >= 4.5
