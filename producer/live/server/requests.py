"""Reads what a browser asks to have run: bounded as on the command line, and by the same code."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from producer.contenders.default_slots import sensible
from producer.contenders.parsing import parse
from producer.contenders.pool_options import split_contenders
from producer.contenders.spec import Spec
from producer.exhibition.lane import parse_lane
from producer.exhibition.program import Program
from producer.exhibition.sentences import title as title_of
from producer.exhibition.timetable import MOVES, OPPONENTS
from producer.lesson.answers_file import write_answers
from producer.lesson.contenders import POOLS, SlotsPool
from producer.lesson.questions import make_sheet, read_prediction
from producer.measure.plan import Plan
from producer.ranges import Integer
from producer.workloads import DEFAULT_SEED, Workload, build
from worker.errors import SimulError, UnknownNameError

#: Bytes of a request.
MOST_BYTES = 16 * 1024

Name = Annotated[str, Meta(min_length=1, max_length=300)]


class BadRequestError(SimulError):
    """A request asks for what there is not; the message says what."""


class Race(msgspec.Struct, tag="race", tag_field="kind", forbid_unknown_fields=True):
    """An exhibition in one lane, or in two that race each other."""

    lanes: Annotated[list[Name], Meta(min_length=1, max_length=2)]
    hour_s: float = 1.0
    opponents: int = OPPONENTS
    moves: int = MOVES
    judits: int = 1
    seed: Integer = DEFAULT_SEED


class Comparison(msgspec.Struct, tag="comparison", tag_field="kind", forbid_unknown_fields=True):
    """A comparison, as `simul compare` makes it."""

    workloads: Annotated[list[Name], Meta(min_length=1, max_length=20)]
    contenders: Annotated[list[Name], Meta(max_length=100)] | None = msgspec.field(name="with", default=None)
    jobs: Annotated[int, Meta(ge=1, le=20_000)] | None = None
    rounds: Annotated[int, Meta(ge=1, le=100)] = 5
    seed: Integer = DEFAULT_SEED


#: What is answered: who, or a factor; as text, or as the number that it is.
Answer = Annotated[str, Meta(max_length=300)] | float | int


class Lesson(msgspec.Struct, tag="lesson", tag_field="kind", forbid_unknown_fields=True):
    """A lesson, as `simul lesson` holds it: what is expected comes along, and nobody's name."""

    workloads: Annotated[list[Name], Meta(min_length=1, max_length=20)]
    #: By workload, and by the key of a question; what is skipped is left out.
    predictions: Annotated[
        dict[Name, Annotated[dict[Name, Answer], Meta(max_length=20)]], Meta(max_length=20)
    ]
    pool: SlotsPool = POOLS[0]
    jobs: Annotated[int, Meta(ge=1, le=20_000)] | None = None
    rounds: Annotated[int, Meta(ge=1, le=100)] = 5
    seed: Integer = DEFAULT_SEED


@dataclass(frozen=True, slots=True)
class Request:
    """What is to be run: the arguments of `simul`, and what is shown until it speaks for itself."""

    title: str
    arguments: tuple[str, ...]
    state: dict[str, Any]
    #: What the file of answers holds that it is given; None where it takes none.
    answers: str | None = None


_decode = msgspec.json.Decoder(Race | Comparison | Lesson).decode


def read(body: bytes, data_root: Path) -> Request:
    """Read a request.

    Raises:
        BadRequestError: it is no request, a number is out of its range, or there is no such thing.
    """
    try:
        request = _decode(body)
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        raise BadRequestError(_explain(str(error))) from None
    try:
        if isinstance(request, Race):
            return _race(request)
        if isinstance(request, Lesson):
            return _lesson(request, data_root)
        return _comparison(request, data_root)
    except SimulError as error:
        raise BadRequestError(_name_fields(str(error))) from None


def _race(race: Race) -> Request:
    program = Program(race.opponents, race.moves, race.hour_s, race.judits, race.seed)
    lanes = list(dict.fromkeys(parse_lane(text, race.opponents).name for text in race.lanes))
    title = title_of(program)
    options = ("hour", f"{race.hour_s!r}"), ("opponents", race.opponents), ("moves", race.moves)
    more = ("judits", race.judits), ("seed", race.seed)
    arguments = [f"--{name}={value}" for name, value in (("with", ",".join(lanes)), *options, *more)]
    state = {
        **{"kind": "exhibition", "title": title, "race": len(lanes) == 2, "hour_s": race.hour_s},
        **{"opponents": race.opponents, "moves": race.moves, "judits": race.judits, "seed": race.seed},
        "names": lanes,
        "openings": [],
    }
    return Request(title, ("judit", "--race", *arguments), state)


def _comparison(asked: Comparison, data_root: Path) -> Request:
    names = list(dict.fromkeys(asked.workloads))
    workloads = [build(name, asked.jobs, asked.seed, 1, data_root) for name in names]
    chosen = None if asked.contenders is None else ",".join(asked.contenders)
    named = None if chosen is None else list(dict.fromkeys(split_contenders(chosen)))
    if named == []:
        raise UnknownNameError("with: name a contender, or leave it out")
    contenders = {
        workload.name: sensible(workload) if named is None else [parse(name, workload) for name in named]
        for workload in workloads
    }
    _require_plan(workloads, contenders, asked, data_root)
    arguments = [f"--rounds={asked.rounds}", f"--seed={asked.seed}"]
    arguments += [] if named is None else [f"--with={','.join(named)}"]
    arguments += [] if asked.jobs is None else [f"--jobs={asked.jobs}"]
    state = {"kind": "comparison", "title": ", ".join(names), "rounds": asked.rounds, "report": False}
    state |= {"names": named or [], "workers": None}
    return Request(", ".join(names), ("compare", *names, *arguments), state)


def _lesson(asked: Lesson, data_root: Path) -> Request:
    names = list(dict.fromkeys(asked.workloads))
    if unasked := next((name for name in asked.predictions if name not in names), None):
        raise UnknownNameError(f"predictions: {unasked!r} is none of the workloads")
    sheets = [make_sheet(build(name, asked.jobs, asked.seed, 1, data_root), asked.pool) for name in names]
    predictions = [
        read_prediction(sheet, asked.predictions.get(name, {}), partial("predictions: {}: {}".format, name))
        for name, sheet in zip(names, sheets, strict=True)
    ]
    contenders = {sheet.workload.name: sheet.contenders for sheet in sheets}
    _require_plan([sheet.workload for sheet in sheets], contenders, asked, data_root)
    arguments = [f"--pool={asked.pool}", f"--rounds={asked.rounds}", f"--seed={asked.seed}"]
    arguments += [] if asked.jobs is None else [f"--jobs={asked.jobs}"]
    title = f"predict first: {', '.join(names)}"
    state = {"kind": "comparison", "title": title, "rounds": asked.rounds, "report": False}
    state |= {"names": [], "workers": None}
    return Request(title, ("lesson", *names, *arguments), state, write_answers(sheets, predictions))


def _require_plan(
    workloads: Sequence[Workload],
    contenders: Mapping[str, Sequence[Spec]],
    asked: Comparison | Lesson,
    data_root: Path,
) -> None:
    """Make sure that a result can hold what is asked for: a plan checks it."""
    Plan(
        workloads=workloads,
        contenders=contenders,
        rounds=asked.rounds,
        seed=asked.seed,
        chunk=1,
        data_root=data_root,
        out=None,
    )


def _explain(error: str) -> str:
    """Turn what the decoder says around, to begin with the field: "rounds: expected `int` <= 100"."""
    what, _, where = error.partition(" - at `$")
    field = re.sub(r"\[\.\.\.\]|[`.]", "", where) or "request"
    return f"{field}: {what if what.startswith('JSON') else what[:1].lower() + what[1:]}"


def _name_fields(rule: str) -> str:
    """Name the request's fields where a rule names options of the command line; not in what it quotes."""
    return re.sub(r"(?<!')--(?=[a-z])", "", rule.replace("--hour", "hour_s"))
