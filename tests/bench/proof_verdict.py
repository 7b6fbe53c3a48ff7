"""What became of every job of a run: lost, done, done twice, and why. Knows no server and no pool."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from tests.bench.proof_notes import Note
from tests.bench.proof_workers import Kill

#: A job is done again because its worker ended at most so many seconds after it was done. The acknowledgement
#: leaves within 5 ms, but a worker may wait for its turn on a busy machine.
ATTRIBUTABLE_S = 0.5
#: A job is broken off by the end of its worker if it has begun at most so many seconds before: the longest
#: naps three seconds.
LONGEST_JOB_S = 10.0


@dataclass
class Verdict:
    """The account of a run."""

    sent: int
    #: Jobs that nobody has done, and jobs that nobody has sent.
    lost: list[int] = field(default_factory=list)
    unknown: list[int] = field(default_factory=list)
    #: By the killed worker: the ends of jobs that others have done again.
    duplicates: defaultdict[str, list[Note]] = field(default_factory=lambda: defaultdict(list))
    #: By the killed worker: how many jobs were under way.
    broken_off: Counter[str] = field(default_factory=Counter)
    #: Ends more than one, and beginnings without an end, for which no killed worker is the cause.
    unattributed: list[Note] = field(default_factory=list)


def judge(sent: int, notes: Iterable[Note], kills: Iterable[Kill]) -> Verdict:
    """Account for the jobs 0 to `sent` - 1."""
    ended = {kill.worker: kill for kill in kills}
    verdict = Verdict(sent)
    begun: defaultdict[tuple[int, str], list[Note]] = defaultdict(list)
    done: defaultdict[int, list[Note]] = defaultdict(list)
    for note in notes:
        if note.is_end:
            done[note.job].append(note)
        else:
            begun[note.job, note.worker].append(note)
    verdict.lost = sorted(set(range(sent)) - done.keys())
    verdict.unknown = sorted({*done, *(job for job, _ in begun)} - set(range(sent)))
    for ends in done.values():
        if len(ends) > 1:
            _attribute(verdict, ends, ended)
    for (job, worker), beginnings in begun.items():
        unfinished = len(beginnings) - sum(end.worker == worker for end in done.get(job, ()))
        for note in beginnings[len(beginnings) - unfinished :]:
            if worker in ended and note.at >= ended[worker].signalled - LONGEST_JOB_S:
                verdict.broken_off[worker] += 1
            else:
                verdict.unattributed.append(note)
    return verdict


def _attribute(verdict: Verdict, ends: list[Note], ended: Mapping[str, Kill]) -> None:
    """All ends of a job but one must have been just before, or during, the end of the worker."""
    caused = [end for end in ends if end.worker in ended and _is_cause(ended[end.worker], end)]
    caused = sorted(caused, key=lambda end: end.at)[: len(ends) - 1]
    for end in caused:
        verdict.duplicates[end.worker].append(end)
    if missing := len(ends) - 1 - len(caused):
        verdict.unattributed += [end for end in ends if end not in caused][-missing:]


def _is_cause(kill: Kill, end: Note) -> bool:
    return kill.signalled - ATTRIBUTABLE_S <= end.at <= kill.gone
