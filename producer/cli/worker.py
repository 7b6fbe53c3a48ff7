"""`simul worker`."""

from __future__ import annotations

import os
import sys

from producer.cli import job_options, options
from producer.cli.console import say
from producer.cli.own_job import make_target, require_target
from producer.system.machine import cores
from producer.words import counted
from worker import settings
from worker.errors import UnavailableError
from worker.pools import pool as find_pool
from worker.target import variables


def worker(
    pool: options.PoolName = "prefork",
    concurrency: options.Concurrency = None,
    broker: options.WorkersBroker = settings.DEFAULT_BROKER_URL,
    transport: options.Transport = settings.TRANSPORTS[0],
    data: options.Data = settings.PROJECT_DATA,
    prefetch: options.Prefetch = None,
    acks: options.Acks = settings.ACKS[0],
    job: job_options.Job = None,
    async_job: job_options.AsyncJob = None,
    app_dir: job_options.AppDir = None,
    time_limit: job_options.TimeLimit = None,
    log_level: options.LogLevel = "INFO",
    remote_control: options.RemoteControl = "",
) -> None:
    """Run a Celery worker with the right queue and settings, until Ctrl-C."""
    settings.remote_controls(remote_control)
    row = find_pool(pool)
    if why := row.unavailable():
        raise UnavailableError(f"the pool {pool} cannot run here: {why}")
    needed = variables(make_target(job, async_job, app_dir), time_limit)
    require_target(needed)

    from producer.contenders.celery_workers.command import worker_command, worker_environment
    from producer.system.broker import Broker, check

    version = check(broker)
    slots = (concurrency or cores()) if row.scales else 1
    if concurrency and concurrency != slots:
        say(f"worker: the pool {pool} has one slot, whatever --concurrency says", style="yellow")
    # A node name of its own, so that two workers on one machine are two to whoever asks. Workers on one
    # queue need not know of each other; mingling delays the start by a second.
    node = ("-n", f"{pool}-{os.getpid()}@%h")
    silent = ("--without-gossip", "--without-mingle")
    reserving = () if prefetch is None else (f"--prefetch-multiplier={prefetch}",)
    command = worker_command(pool, slots, None, "-l", log_level, *node, *silent, *reserving)
    shown = Broker(broker, embedded=False, version=version).name
    calls = f", calls {job}" if job else ""
    say(f"worker: pool {pool}, {counted(slots, 'slot')}, queue {row.queue}, broker {shown}{calls}")
    # Celery takes this process over: its signals are the worker's, and it patches before it imports.
    os.chdir(settings.PROJECT)
    environment = worker_environment(pool, broker, data.resolve(), transport, acks, needed)
    os.execve(sys.executable, command, {**environment, "SIMUL_REMOTE_CONTROL": remote_control})
