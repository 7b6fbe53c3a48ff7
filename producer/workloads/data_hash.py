"""Hashes the jobs of a workload and the files they read, to tell whether two workloads are the same."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path

from worker import file_check
from worker.data_root import RefusedError
from worker.job_messages import to_message
from worker.jobs import FileCheck, Job


def data_hash(jobs: Sequence[Job], data_root: Path) -> str:
    """Hash the jobs and the bytes that they read; a file that cannot be read has a hash of its own."""
    total = hashlib.sha256()
    for job in jobs:
        total.update(json.dumps(to_message(job), sort_keys=True).encode() + b"\n")
    for name in sorted({name for job in jobs if isinstance(job, FileCheck) for name in job.files}):
        total.update(_file(name, data_root))
    return f"sha256:{total.hexdigest()}"


def _file(name: str, data_root: Path) -> bytes:
    try:
        return hashlib.sha256(file_check.read(name, data_root)).digest()
    except (OSError, RefusedError):
        return b"unreadable"
