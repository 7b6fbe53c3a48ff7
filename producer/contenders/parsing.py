"""Reads how contenders are asked for: `threads@8`, `celery:prefork@4x2/prefetch=1`."""

from __future__ import annotations

import re

from producer.contender_name import CELERY, PEERS, ContenderName, way_of
from producer.contenders.default_slots import default_slots
from producer.contenders.pool_options import POOL_OPTIONS, most_slots, read_options
from producer.contenders.spec import Spec
from producer.contenders.ways import scales, ways
from producer.ranges import MAX_SLOTS, MAX_WORKERS
from producer.workloads import Workload
from worker.errors import UnknownNameError


def parse(text: str, workload: Workload) -> Spec:
    """Read the contender that `text` names; where it gives no slots, they suit the workload.

    Raises:
        UnknownNameError: no such contender, no such number of slots or workers, or no such option.
    """
    name = parse_name(text.strip())
    slots = default_slots(name.way, workload) if name.slots is None else name.slots
    return Spec(name.way, slots, name.workers, options=name.options)


def parse_name(text: str) -> ContenderName:
    """Read the name of a contender that can be asked for; its slots are None where nothing says how many.

    Raises:
        UnknownNameError: no such contender, no such number of slots or workers, or no such option.
    """
    way = way_of(text)
    if way not in ways():
        raise UnknownNameError(f"no contender is called {way!r}; there are: {', '.join(ways())}")
    numbers, *options = text.removeprefix(way).split("/")
    slots, workers = _parse_numbers(way, numbers, text)
    celery_pool = ContenderName(way).celery_pool
    if celery_pool is None:
        if options:
            raise UnknownNameError(
                f"{text!r}: {way} is a {_kind(way)}; options ({', '.join(POOL_OPTIONS)}) are of Celery pools"
            )
        return ContenderName(way, slots)
    try:
        chosen = read_options(celery_pool, options)
    except UnknownNameError as error:
        raise UnknownNameError(f"{text!r}: {error}") from None
    most = most_slots(chosen)
    if most and slots not in (None, most):
        raise UnknownNameError(
            f"{text!r}: with autoscale the slots are its most: write @{most}, or no number"
        )
    return ContenderName(way, most or slots, workers, chosen)


def _kind(way: str) -> str:
    return "peer" if way in PEERS else "design"


def _parse_numbers(way: str, numbers: str, text: str) -> tuple[int | None, int]:
    """Read the slots and the workers of "@4x2"; of nothing there are no slots, and one worker."""
    if not numbers:
        return None, 1
    match = re.fullmatch(r"@([1-9][0-9]{0,8})(?:x([0-9]{1,9}))?", numbers)
    if not match and not numbers.startswith("@"):
        raise UnknownNameError(f"{text!r}: behind {way} stand its slots (@4), its workers (@4x2) and options")
    several = match is not None and match[2] is not None
    if several and not way.startswith(CELERY):
        why = "of which simul starts one worker" if way in PEERS else "which has no workers"
        raise UnknownNameError(f"{text!r}: {way} is a {_kind(way)}, {why}: write its slots alone")
    if way in PEERS and numbers == "@1":  # so that a list of peers can give each its slots
        return 1, 1
    if not scales(way) and not (several and match and match[1] == "1"):
        more = f", or {way}@1x4 for four workers" if way.startswith(CELERY) else ""
        raise UnknownNameError(f"{way} has one slot: write {way!r} without {numbers}{more}")
    if not match or int(match[1]) > MAX_SLOTS:
        raise UnknownNameError(f"{text!r}: the slots after @ are a number from 1 to {MAX_SLOTS:,}")
    workers = int(match[2] or 1)
    if not 1 <= workers <= MAX_WORKERS:
        raise UnknownNameError(f"{text!r}: the workers after x are a number from 1 to {MAX_WORKERS}")
    return int(match[1]), workers
