"""A result, and what to call it."""

from __future__ import annotations

from dataclasses import dataclass

from producer.results import Result


@dataclass(frozen=True, slots=True)
class Labelled:
    """A result, and what to call it."""

    label: str
    result: Result
