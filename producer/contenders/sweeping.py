"""Lists the contenders of a sweep: each way at every value of one thing, its axis."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import cast, get_args

from producer.contender_name import CELERY, Axis
from producer.contenders.parsing import parse, parse_name
from producer.contenders.pool_options import NUMERIC, is_number, split_contenders
from producer.contenders.spec import Spec
from producer.contenders.ways import scales
from producer.ranges import MAX_WORKERS
from producer.workloads import Workload
from worker.errors import UnknownNameError

#: The axes that `--axis` can name; that of the slots is `--concurrency`.
AXES = ("workers", *NUMERIC)


def parse_axis(text: str) -> tuple[Axis, list[str]]:
    """Read an axis and its values: "prefetch=1,4,16".

    Raises:
        UnknownNameError: there is no such axis, or no value.
    """
    name, _, values = text.partition("=")
    if name not in AXES or name not in get_args(Axis):
        raise UnknownNameError(
            f"no axis is called {name!r} (--axis); there are: {', '.join(AXES)}; slots have --concurrency"
        )
    listed = _listed(values)
    if not listed:
        raise UnknownNameError(f"--axis {name} has no values: write --axis {name}=1,4,16")
    return cast(Axis, name), listed


def specs_along(axis: Axis, values: Sequence[str], ways: str, workload: Workload) -> list[Spec]:
    """List every way (by commas; with slots and options of its own) at every value of the axis.

    Raises:
        UnknownNameError: no such contender, it says itself what the axis says, or a value makes no sense.
    """
    specs: dict[Spec, None] = {}
    for way in split_contenders(ways):
        spec = parse(way, workload)
        if spec.workers > 1 if axis == "workers" else spec.option(axis) is not None:
            raise UnknownNameError(f"{way!r}: in this sweep {axis} comes from --axis, not from a name")
        if axis == "workers" and not spec.celery_pool:
            raise UnknownNameError(
                f"{way!r}: only Celery pools have several workers; sweep those ({CELERY}...)"
            )
        for value in values:
            if axis == "workers":
                specs[_with_workers(spec, value)] = None
            else:
                specs[parse(f"{way}/{axis}={value}", workload)] = None
    if not specs:
        raise UnknownNameError("--with names no contender: write --with celery:prefork")
    return list(specs)


def _with_workers(spec: Spec, value: str) -> Spec:
    if not is_number(value) or not 1 <= int(value) <= MAX_WORKERS:
        raise UnknownNameError(f"--axis workers: a number from 1 to {MAX_WORKERS}, not {value!r}")
    return replace(spec, workers=int(value))


def specs_of_sweep(ways: str, concurrency: str) -> list[Spec]:
    """List every way (with options of its own) at every concurrency; a way of one slot only once.

    Raises:
        UnknownNameError: no such contender, or no such number of slots.
    """
    specs: dict[Spec, None] = {}
    for way in split_contenders(ways):
        name = parse_name(way)
        if name.slots is not None:
            raise UnknownNameError(f"{way!r}: in a sweep the slots come from --concurrency, not after @")
        for number in _listed(concurrency):
            slots = parse_name(f"{name.way}@{number}").slots if scales(name.way) else None
            specs[Spec(name.way, slots or 1, options=name.options)] = None
    return sorted(specs, key=lambda spec: (spec.way, spec.options, spec.slots))


def _listed(values: str) -> list[str]:
    return [value for part in values.split(",") if (value := part.strip())]
