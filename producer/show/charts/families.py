"""Two colours tell apart what ran here and what went through Celery, in every chart with rows."""

from __future__ import annotations

from collections.abc import Iterable

from producer.show.charts.entries import Entry
from producer.show.svg.rows import Key

HERE, CELERY = Key("in this machine's own processes", "here"), Key("through Celery", "celery")


def families(entries: Iterable[Entry]) -> list[Key]:
    """The legend: of the two families those that are there."""
    kinds = {entry.name.is_celery for entry in entries}
    return [key for key, there in ((HERE, False in kinds), (CELERY, True in kinds)) if there]


def colour(entry: Entry) -> str:
    """The colour of a contender's family."""
    return (CELERY if entry.name.is_celery else HERE).colour
