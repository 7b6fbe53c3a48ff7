"""A result, what to call it, and all that is derived from it, once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from producer.results import Result
from producer.show.charts.entries import Field, derive_fields


@dataclass(frozen=True, slots=True)
class Labelled:
    """A result with its workloads."""

    label: str
    result: Result
    fields: Sequence[Field]

    @property
    def name(self) -> str:
        """The label, with what most likely tells this result from another."""
        machine = self.result.machine
        gil = "" if machine.gil else ", no GIL"
        return f"{self.label} ({machine.python}{gil})"

    def field(self, workload: str) -> Field | None:
        """Find the workload of that name, if this result has it."""
        return next((field for field in self.fields if field.workload.name == workload), None)


def having(results: Sequence[Labelled], workload: str) -> list[Labelled]:
    """Choose the results that have the workload: their places in this list are those on the page."""
    return [labelled for labelled in results if labelled.field(workload)]


def label(name: str, result: Result) -> Labelled:
    """Give a result its label, and derive everything from it; a load has no fields, but charts of its own."""
    return Labelled(name, result, () if result.kind == "load" else derive_fields(result))
