"""What many machines have measured of the same work: one row a contender, one number a machine.

A machine is known by the name of its file, and by what its numbers depend on: nothing else is taken from it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from producer.contender_name import ContenderName
from producer.results import Result, WorkloadResult
from producer.stats.class_outliers import Group, Outlier, find_outliers, quartiles
from producer.stats.predictions import VERDICTS, Answer, Verdict, judge
from producer.stats.ratios import Ratio
from producer.stats.summary import asked_for, baseline, summaries, usable_cores
from producer.words import counted


@dataclass(frozen=True, slots=True)
class Work:
    """What must be the same, so that two machines did the same."""

    seed: int
    jobs: int
    chunk: int
    data_hash: str


@dataclass(frozen=True, slots=True)
class Part:
    """One workload on one machine."""

    name: str
    description: str
    work: Work
    #: How many times as fast as serial each other contender was.
    ratios: Mapping[ContenderName, Ratio]
    #: Who had the shortest median; None where nobody had a valid run.
    fastest: ContenderName | None
    #: What was predicted there, and what became of it.
    answers: Sequence[Answer]


@dataclass(frozen=True, slots=True)
class Member:
    """One machine of the class."""

    file: str
    group: Group
    parts: Sequence[Part]


def summarise(file: str, result: Result) -> Member:
    """Take of a result what a class needs; nothing in it says whose it is."""
    group = Group(usable_cores(result), *_pythons(result))
    predictions = {prediction.workload: prediction for prediction in result.predictions}
    parts = []
    for workload in result.workloads:
        rows = summaries(result, workload)
        prediction = predictions.get(workload.name)
        best = rows[0].contender if rows and rows[0].makespan_s is not None else None
        serial = baseline(asked_for(workload, (row.contender for row in rows)))
        ratios = {row.contender: row.speed_up for row in rows if row.speed_up and row.contender != serial}
        answers = judge(prediction, workload, rows) if prediction else ()
        parts.append(Part(workload.name, workload.description, _work(workload), ratios, best, answers))
    return Member(file, group, parts)


def _pythons(result: Result) -> tuple[str, bool]:
    """Name the Pythons that did the jobs, and tell whether there was a GIL; of several each name says it."""
    machine = result.machine
    did = {(_version(machine.python), machine.gil)}
    if result.pythons:  # then the one that measured did no job
        gils = [python.gil_of("serial") for python in result.pythons]
        did = {
            (_version(python.python), gil is None or gil.after)
            for python, gil in zip(result.pythons, gils, strict=True)
        }
    if len(did) == 1:
        return did.pop()
    return " and ".join(f"{name}{'' if gil else ' without GIL'}" for name, gil in sorted(did)), True


def _version(python: str) -> str:
    """Shorten "CPython 3.13.1" to 3.13: the patches of a version are alike."""
    return ".".join(python.split()[-1].split(".")[:2]) if python.split() else "unknown"


def _work(workload: WorkloadResult) -> Work:
    return Work(workload.seed, workload.jobs, workload.chunk, workload.data_hash)


@dataclass(frozen=True, slots=True)
class Refused:
    """A machine that did other work under the same name."""

    file: str
    workload: str
    why: str


@dataclass(frozen=True, slots=True)
class Strip:
    """The numbers of one contender: how many times as fast as serial it was, on each machine."""

    contender: ContenderName
    values: Sequence[tuple[Member, float]]
    low: float
    median: float
    high: float
    outliers: Sequence[Outlier]


@dataclass(frozen=True, slots=True)
class Told:
    """What the class said to one question, and what became of it."""

    asked: str
    #: The factors that were said, and the ratios that were measured where they were said.
    said: Sequence[float]
    measured: Sequence[float]
    verdicts: Mapping[Verdict, int]


@dataclass(frozen=True, slots=True)
class ClassWorkload:
    """One workload, on all the machines that did the same."""

    name: str
    description: str
    work: Work
    members: Sequence[Member]
    #: The fastest first, by the median over the machines.
    strips: Sequence[Strip]
    #: By contender: how many predicted it to be the fastest, and on how many machines it was.
    predicted: Mapping[str, int]
    fastest: Mapping[str, int]
    told: Sequence[Told]


@dataclass(slots=True)
class Class:
    """All of it."""

    members: Sequence[Member]
    workloads: list[ClassWorkload] = field(default_factory=list)
    refused: list[Refused] = field(default_factory=list)


def collate(members: Sequence[Member]) -> Class:
    """Put the machines side by side, workload by workload; who did other work than most is refused there."""
    together = Class(members)
    for name in dict.fromkeys(part.name for member in members for part in member.parts):
        did = [(member, part) for member in members for part in member.parts if part.name == name]
        work = Counter(part.work for _, part in did).most_common(1)[0][0]  # of equals the first
        same = [(member, part) for member, part in did if part.work == work]
        together.refused += [
            Refused(member.file, name, _how_they_differ(part.work, work))
            for member, part in did
            if part.work != work
        ]
        together.workloads.append(_collate_workload(name, work, same))
    return together


def _how_they_differ(own: Work, others: Work) -> str:
    """Say what is different, and how."""
    parts = []
    if own.seed != others.seed:
        parts.append(f"seed {own.seed}, not {others.seed}")
    if own.jobs != others.jobs:
        parts.append(f"{counted(own.jobs, 'job')}, not {others.jobs:,}")
    if own.chunk != others.chunk:
        parts.append(f"{counted(own.chunk, 'file')} to a job, not {others.chunk:,}")
    # What is named already has made the jobs others, and their hash.
    return ", ".join(parts) or "other data, or another version's jobs"


def _collate_workload(name: str, work: Work, did: Sequence[tuple[Member, Part]]) -> ClassWorkload:
    contenders = dict.fromkeys(contender for _, part in did for contender in part.ratios)
    strips = [
        _strip(
            contender,
            [(member, part.ratios[contender].value) for member, part in did if contender in part.ratios],
        )
        for contender in contenders
    ]
    answers = [answer for _, part in did for answer in part.answers]
    return ClassWorkload(
        name=name,
        description=did[0][1].description,
        work=work,
        members=[member for member, _ in did],
        strips=sorted(strips, key=lambda strip: (-strip.median, str(strip.contender))),
        predicted=Counter(answer.expected for answer in answers if answer.asked == "the fastest"),
        fastest=Counter(str(part.fastest) for _, part in did if part.fastest),
        told=list(_tell(answers)),
    )


def _tell(answers: Sequence[Answer]) -> Iterator[Told]:
    for asked in dict.fromkeys(answer.asked for answer in answers):
        same = [answer for answer in answers if answer.asked == asked]
        verdicts = Counter(answer.verdict for answer in same)
        yield Told(
            asked,
            [answer.times for answer in same if answer.times is not None],
            [answer.ratio.value for answer in same if answer.ratio],
            {verdict: verdicts[verdict] for verdict in VERDICTS},
        )


def _strip(contender: ContenderName, values: Sequence[tuple[Member, float]]) -> Strip:
    low, median, high = quartiles([value for _, value in values])
    return Strip(
        contender,
        values,
        low,
        median,
        high,
        find_outliers([(member.file, member.group, value) for member, value in values]),
    )
