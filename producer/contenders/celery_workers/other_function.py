"""Tells from records that workers were started for another function than that of the jobs, or for none."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from producer.words import listed
from worker.call import called_instead
from worker.jobs import Call, Job
from worker.pools import pool as find_pool
from worker.records import JobRecord


def other_function(jobs: Sequence[Job], records: Collection[JobRecord], pool: str) -> str | None:
    """Say what the workers of a pool call where it is not what the jobs name, and how to start right ones."""
    first = jobs[0] if jobs else None
    if not isinstance(first, Call):
        return None
    refusals = [called for record in records if (called := called_instead(record.error or ""))]
    if not refusals:
        return None
    who = "the workers" if len(refusals) == len(records) else "some of the workers"
    return (
        f"{who} on {find_pool(pool).queue} call {listed(sorted(set(refusals)))}, and not {first.target}: "
        f"start them with `simul worker --pool {pool} --job {first.target}`"
    )
