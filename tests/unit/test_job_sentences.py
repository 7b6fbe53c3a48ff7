"""What is said of a user's function before the table."""

from __future__ import annotations

from dataclasses import replace

import pytest

from producer.show.job import describe_job
from producer.words import SPACE
from producer.workloads.job_facts import JobFacts

QUIET = JobFacts(
    runs=41,
    service_s=0.0523,
    longest_s=0.06,
    cpu_s=0.0009,
    waiting=0.98,
    gil=True,
    gil_held=0.02,
    gil_longest_s=0.001,
    growth_runs=1000,
    growth_bytes=4096,
    growth_late_bytes=0,
    sockets_left=0,
    files_left=0,
    threads_left=0,
    fork_trouble="",
    printed_bytes=0,
    failed=0,
    failure=None,
    is_async=False,
    has_async=False,
    is_task=False,
    json=True,
    import_s=0.1,
)


def said(facts: JobFacts) -> list[str]:
    """The sentences, with ordinary spaces."""
    return [line.replace(SPACE, " ") for line in describe_job(facts)]


def test_a_function_without_oddities_takes_four_lines() -> None:
    assert said(QUIET) == [
        "measured alone, 41 calls: 52.3 ms each, 98 % of it waiting, 900 µs of CPU",
        "GIL: held for 2 % of the time",
        "memory: no growth over 1,000 calls",
        "fork: it survives one after its module was imported",
    ]


@pytest.mark.parametrize(
    ("facts", "line"),
    [
        (
            replace(QUIET, longest_s=0.5, import_s=2.5),
            "measured alone, 41 calls: 52.3 ms each (up to 500 ms), 98 % of it "
            "waiting, 900 µs of CPU; its import takes 2.50 s",
        ),
        (
            replace(QUIET, gil_held=0.97, gil_longest_s=0.083),
            "GIL: held for 97 % of the time, for up to 83.0 ms at a time: C code that does not release it",
        ),
        (replace(QUIET, gil_held=0.97, gil_longest_s=0.006), "GIL: held for 97 % of the time"),
        (replace(QUIET, gil=False, gil_held=None, gil_longest_s=None), "GIL: this Python has none"),
        (
            replace(QUIET, growth_bytes=1000 * 2**20, growth_late_bytes=500 * 2**20),
            "memory: grows by 1.00 MiB with each call (1,000 calls): it leaks",
        ),
        (replace(QUIET, growth_runs=0), "memory: a call takes too long for its growth to be watched"),
        (replace(QUIET, sockets_left=1000), "leaves 1 socket open with each call"),
        (
            replace(QUIET, files_left=2000, threads_left=990),
            "leaves 2 files open and 1 thread running with each call",
        ),
        (replace(QUIET, files_left=1), "leaves 1 file open after 1,000 calls"),
        (
            replace(QUIET, fork_trouble="it had not ended after 5 s"),
            "fork: it does not survive one after its module was imported (it had not ended after 5 s): "
            "not for prefork",
        ),
        (
            replace(QUIET, failed=3, failure="ValueError: no (shop:7)"),
            "3 of 41 calls failed: ValueError: no (shop:7)",
        ),
        (replace(QUIET, printed_bytes=4100), "it prints 100 bytes with each call, which nobody reads"),
        (
            replace(QUIET, json=False),
            "its answers are not all JSON: those are compared by their type and their repr",
        ),
    ],
)
def test_what_is_odd_is_said(facts: JobFacts, line: str) -> None:
    assert line in said(facts)


def test_where_no_process_can_be_forked_nothing_is_said_of_forks() -> None:
    assert not [line for line in said(replace(QUIET, fork_trouble=None)) if line.startswith("fork")]
