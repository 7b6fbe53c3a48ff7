"""Gives designs and Celery pools a colour each, in every chart with rows."""

from __future__ import annotations

from collections.abc import Iterable

from producer.show.charts.entries import Entry
from producer.show.svg.rows import Key

IN_PROCESS, THROUGH_CELERY = Key("in this machine's own processes", "here"), Key("through Celery", "celery")


def list_families(entries: Iterable[Entry]) -> list[Key]:
    """List, for the legend, which of the two families are there."""
    kinds = {entry.name.is_celery for entry in entries}
    return [key for key, there in ((IN_PROCESS, False in kinds), (THROUGH_CELERY, True in kinds)) if there]


def choose_colour(entry: Entry) -> str:
    """Choose the colour of a contender's family."""
    return (THROUGH_CELERY if entry.name.is_celery else IN_PROCESS).colour
