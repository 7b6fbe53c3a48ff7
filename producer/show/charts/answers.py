"""The course's questions, answered with the reader's own numbers.

What is the basic idea behind async? When is it faster than a synchronous version? What is special in
Python concerning parallel execution? Process or thread? Where the comparison lacks what an answer needs,
the answer says what to measure.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from producer.show.charts.claims import compare, measure_ratio
from producer.show.charts.entries import TINY_S, Entry, Field
from producer.stats.lanes import count_most_at_once
from producer.system.machine import Machine
from producer.words import counted, mebibytes, percent, seconds


@dataclass(frozen=True, slots=True)
class Answer:
    """A question, the answer in general, and what this comparison says about it."""

    question: str
    general: str
    evidence: tuple[str, ...]


def answer_questions(fields: Sequence[Field], machine: Machine) -> list[Answer]:
    """Answer each question of the course."""
    parts = [part for field in fields for part in field.by_python()]
    several = len(parts) > len(fields)
    return [
        Answer(
            "What is the basic idea behind async?",
            "One thread of one process keeps many jobs open: a job that has to wait hands control to another "
            "instead of standing still, and goes on when what it waits for is there.",
            _lines([_idea(field) for field in parts], "Compare serial and asyncio on waits to see it."),
        ),
        Answer(
            "In which cases can you expect async to be faster than a synchronous version?",
            "Where jobs wait. Where they compute there is nothing to overlap: one thread is one thread, and "
            "what surrounds each job is added, which for tiny jobs is more than the job.",
            _lines([_when(field) for field in parts], "Compare serial and asyncio on waits and search."),
        ),
        Answer(
            "What is special in Python concerning parallel execution?",
            _on_gil(machine, several),
            _lines(
                [_gil(field, machine) for field in parts if field.computes],
                "Compare serial, threads and processes on search to see what threads gain here.",
            ),
        ),
        Answer(
            "Process or thread?",
            "Threads are light, share memory, and suffice for whatever waits. Processes have a Python each, "
            "so they use every core, and pay with memory and with carrying each job there and back.",
            _lines([_which(field) for field in parts], "Compare threads and processes on waits and search."),
        ),
    ]


def _lines(lines: Sequence[str | None], otherwise: str) -> tuple[str, ...]:
    return tuple(line for line in lines if line) or (f"This comparison cannot tell. {otherwise}",)


def _idea(field: Field) -> str | None:
    serial, asyncio = field.best("serial"), field.best("asyncio")
    alone = sum(field.workload.reference.waits_s)
    if serial is None or asyncio is None or field.computes or not alone:
        return None
    times = asyncio.typical.times
    open_ = count_most_at_once(times.started_s, times.finished_s)
    return (
        f"{field.workload.name}: its {field.workload.jobs:,} jobs wait for {seconds(alone)} in all. "
        f"{asyncio.name} kept up to {open_} of them open at the same time in "
        f"{counted(len(asyncio.typical.workers), 'process', 'processes')} and needed "
        f"{_makespan(asyncio)}; serial, which has one slot and waits for each in turn, needed "
        f"{_makespan(serial)}."
    )


def _when(field: Field) -> str | None:
    serial, asyncio = field.best("serial"), field.best("asyncio")
    if serial is None or asyncio is None:
        return None
    return (
        f"{field.workload.name}: done alone, its jobs keep the CPU busy for {percent(field.busy)} of their "
        f"time; {compare(asyncio, serial, field.entries)}."
    )


def _on_gil(machine: Machine, several: bool) -> str:
    if several:
        return (
            "Usually the global interpreter lock (GIL) lets only one thread of a process run Python code at "
            "a time: threads overlap what waits, not what computes. A free-threaded build can do without it."
        )
    if machine.gil:
        free = " although this build could do without it" if machine.free_threaded_build else ""
        return (
            "The global interpreter lock (GIL): in one process only one thread at a time runs Python code. "
            f"Threads overlap what waits, not what computes. In {machine.python} here it was on{free}."
        )
    return (
        f"Usually the global interpreter lock (GIL) lets only one thread of a process run Python code at a "
        f"time. In {machine.python} here it was off: threads may use all {machine.cores} cores."
    )


def _gil(field: Field, machine: Machine) -> str | None:
    serial = field.best("serial")
    others = [entry for entry in (field.best("threads"), field.best("processes")) if entry]
    if serial is None or not others:
        return None
    verdicts = "; ".join(compare(entry, serial, field.entries) for entry in others)
    asked = others[0].typical.gil
    on = "on" if asked or (asked is None and machine.gil) else "off"
    return (
        f"{field.workload.name}, which computes{_tiny(serial)}, on {counted(machine.cores, 'core')} with the "
        f"GIL {on}: {verdicts}."
    )


def _tiny(serial: Entry) -> str:
    """Say where jobs are too small to show what they do."""
    alone_s = float(serial.alone_s.mean())
    return (
        f" (in jobs of {seconds(alone_s)}, which what surrounds them outweighs)" if alone_s < TINY_S else ""
    )


def _which(field: Field) -> str | None:
    threads, processes = field.best("threads"), field.best("processes")
    if threads is None or processes is None:
        return None
    ratio = measure_ratio(threads, processes)
    first, second = (threads, processes) if ratio and ratio.value < 1 else (processes, threads)
    line = f"{field.workload.name}: {compare(first, second, field.entries)}"
    memory = (threads.summary.peak_memory_bytes, processes.summary.peak_memory_bytes)
    if memory[0] and memory[1]:
        line += f"; {threads.name} used {mebibytes(memory[0])}, {processes.name} {mebibytes(memory[1])}"
    return f"{line}."


def _makespan(entry: Entry) -> str:
    return seconds(entry.summary.makespan_s)
