"""Gives designs, Celery pools and peers a colour each, in every chart with rows."""

from __future__ import annotations

from collections.abc import Iterable

from producer.contender_name import ContenderName
from producer.show.charts.entries import Entry
from producer.show.svg.rows import Key

IN_PROCESS, THROUGH_CELERY = Key("in this machine's own processes", "here"), Key("through Celery", "celery")
THROUGH_PEER = Key("through another task queue", "peer")


def list_families(entries: Iterable[Entry]) -> list[Key]:
    """List, for the legend, which of the families are there."""
    there = {family_of(entry.name).colour for entry in entries}
    return [key for key in (IN_PROCESS, THROUGH_CELERY, THROUGH_PEER) if key.colour in there]


def choose_colour(entry: Entry) -> str:
    """Choose the colour of a contender's family."""
    return family_of(entry.name).colour


def family_of(name: ContenderName) -> Key:
    """Return the family of a contender."""
    return THROUGH_CELERY if name.is_celery else THROUGH_PEER if name.is_peer else IN_PROCESS
