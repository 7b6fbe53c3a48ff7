"""What `--job` makes of a user's function: a workload, measured alone before anything is compared."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from producer.cli.console import bar, say
from producer.system.inherited import inherited, kept_back
from producer.system.pythons import Python
from producer.workloads import WORKLOADS, Check, Workload
from producer.workloads.calls import Calls, read_calls
from worker.errors import TargetError, UnknownNameError
from worker.settings import PROJECT, Settings
from worker.target import Target


@dataclass(frozen=True, slots=True)
class OwnJob:
    """A user's function, and what each call of it is given."""

    target: Target
    calls: Calls
    check: Check

    def unmeasured(self, seed: int) -> Workload:
        """Make the workload, of which nothing is known yet."""
        return Workload(
            name=self.target.name,
            seed=seed,
            jobs=self.calls,
            bound="mixed",
            description=f"calls of {self.target.name}",
            target=self.target,
            check=self.check,
        )

    def measured(self, seed: int, pythons: Sequence[Python], quiet: bool) -> Workload:
        """Measure the function alone, under the first of these Pythons or the lab's own; make the workload.

        Raises:
            TargetError: it cannot be found, imported or called with the first line; the text says why.
        """
        from producer.measure.job_probe import probe

        executable = pythons[0].executable if pythons else sys.executable
        what = f"{self.target.name}: measuring it alone"
        if not quiet and not sys.stderr.isatty():
            say(what)
        with bar(what, None, quiet):
            facts = probe(self.calls, self.target, executable=executable, job_limit_s=self.calls.limit_s)
        return replace(self.unmeasured(seed), bound=facts.bound, facts=facts)


def own_job(
    job: str | None,
    async_job: str | None,
    args: Path | None,
    repeat: int | None,
    app_dir: Path | None,
    check: Check,
    time_limit: float | None,
    jobs: int | None,
) -> OwnJob | None:
    """Read what the options say of a function of the user's; None where they name none.

    Raises:
        TargetError: they name what can be no function.
        DataError: the arguments cannot be read, or a line is no JSON.
        UnknownNameError: they say something about a function that they do not name.
    """
    target = make_target(job, async_job, app_dir)
    if target is None:
        given = {"--async-job": async_job, "--args": args, "--repeat": repeat}
        for option in (name for name, value in given.items() if value is not None):
            raise UnknownNameError(f"{option} is for a function of yours: name it, --job MODULE:FUNCTION")
        return None
    calls = read_calls(target.name, args, jobs, repeat)
    calls.limit_s = time_limit or _job_limit_s()
    return OwnJob(target, calls, check)


def require_one(workload: str | None, own: OwnJob | None) -> None:
    """Make sure that a command which has one workload was given one.

    Raises:
        UnknownNameError: it was given none, or two.
    """
    if workload and own:
        raise UnknownNameError(
            f"there are two workloads, {workload} and --job {own.target.name} (SIMUL_JOB): name one of them"
        )
    if not workload and not own:
        raise UnknownNameError(
            f"no workload is named: there are {', '.join(WORKLOADS)}, and functions of yours (--job)"
        )


def make_target(job: str | None, async_job: str | None, app_dir: Path | None) -> Target | None:
    """Make the target that the options name, as seen from here; None where they name none.

    Raises:
        TargetError: they name what can be no function, or a directory that is none.
    """
    if not job:
        return None
    # Named where it is not the same: in containers, which are somewhere else.
    here = Path(os.environ.get("SIMUL_JOB_DIRECTORY") or Path.cwd())
    looked_in = here / (app_dir or "")
    if not looked_in.is_dir():
        raise TargetError(f"{app_dir} is no directory (--app-dir)")
    return Target(job, async_job or "", str(looked_in), str(here), kept_back())


def require_target(variables: Mapping[str, str]) -> None:
    """Make sure that a worker with these variables finds its function; another process imports it.

    Raises:
        TargetError: it does not; the text says why.
    """
    if not variables["SIMUL_JOB"]:
        return
    command = [sys.executable, "-m", "worker.target"]
    environment = {**inherited(), **variables}
    done = subprocess.run(
        command,
        stdin=subprocess.DEVNULL,
        cwd=PROJECT,
        env=environment,
        capture_output=True,
        check=False,
    )
    if done.returncode:
        words = done.stderr.decode(errors="replace").strip().splitlines() or ["it said nothing"]
        raise TargetError(words[-1].removeprefix("worker.errors.TargetError: "))


def _job_limit_s() -> float:
    others = {name: value for name, value in os.environ.items() if name != "SIMUL_BROKER_URL"}
    return Settings.read(others).job_limit_s
