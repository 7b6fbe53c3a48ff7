"""What is said of how contenders call a user's function: by which means, and what a time limit can end."""

from __future__ import annotations

from collections.abc import Iterator

from producer.contenders.ways import ends, is_event_loop, is_greenlets
from producer.results import Result, WorkloadResult
from producer.words import listed, seconds
from worker.errors import TimeLimitError
from worker.settings import JOB_LIMIT_S

#: How the failure of a job begins that took too long.
LATE = TimeLimitError.__name__


def describe_calls(result: Result, workload: WorkloadResult) -> Iterator[str]:
    """Say who calls the function in a roundabout way; and who cannot end a call, where that may matter."""
    facts = workload.facts
    if facts is None:
        return
    names = [contender.name for contender in workload.contenders if contender.left_out is None]
    loops = [str(name) for name in names if is_event_loop(name.way)]
    greenlets = [str(name) for name in names if is_greenlets(name.way) and (name.slots or 1) > 1]
    others = [str(name) for name in names if not is_event_loop(name.way)]
    if loops and not facts.has_async:
        yield (
            f"Called in threads of an event loop: by {listed(loops)}, for it is no `async def`; "
            "--async-job names its twin."
        )
    if others and facts.is_async:
        yield f"Run by asyncio.run in each job, with a new event loop each time: by {listed(others)}."
    if greenlets and facts.is_async:
        yield (
            f"One thread can run one event loop at a time, and greenlets share a thread: {listed(greenlets)} "
            "can do only one such job at a time, and fails in those beside it."
        )
    runs = [run for run in result.runs if run.workload == workload.name]
    if workload.reference.check == "equal" and any(run.wrong for run in runs):
        yield (
            "Where its answers differ from call to call (times, random numbers), ask for their type alone: "
            "--check type, or for nothing: --check none."
        )
    late = any(error.startswith(LATE) for run in runs for error in run.errors.values())
    if workload.job_limit_s is not None and (late or workload.job_limit_s != JOB_LIMIT_S):
        cannot = [str(name) for name in names if ends(name.way, facts.has_async) == "none"]
        switching = [str(name) for name in names if ends(name.way, facts.has_async) == "waiting"]
        yield from _on_limit(workload.job_limit_s, cannot, switching)


def _on_limit(limit_s: float, cannot: list[str], switching: list[str]) -> Iterator[str]:
    line = f"A job of more than {seconds(limit_s)} has failed (--time-limit)"
    if cannot:
        line += f"; it cannot be ended, and holds its slot until it ends by itself, in {listed(cannot)}"
    if switching:
        line += f"; it can be ended only where it waits for what lets others run, in {listed(switching)}"
    yield f"{line}."
