"""`docker compose up`, and what students type then."""

from __future__ import annotations

import json
import urllib.request
from pathlib import Path

import pytest

from producer.results import load
from tests.compose.conftest import OWNER
from tests.compose.stack import SLOTS, Stack, docker
from tests.helpers import until

pytestmark = pytest.mark.compose

#: Columns of what the producer prints: 120 with the name that `docker compose up` puts before each line.
WIDTH = 120 - len("producer-1  | ")
POOLS_OF_THE_LAB = ("prefork", "threads", "gevent", "eventlet", "asyncio")


def test_up_compares_every_pool_and_leaves_the_table_and_the_result(lab: Stack) -> None:
    log = lab.compose("logs", "--no-log-prefix", "producer").stdout.replace("\x1b[2K", "")
    result = load(first_result(lab))
    ran = {str(run.contender) for run in result.runs}
    for pool in POOLS_OF_THE_LAB:
        assert any(name.partition("@")[0] == f"celery:{pool}" for name in ran), pool
    assert f"celery:gevent@{SLOTS}x2" in ran
    assert {"serial", "threads@32", "asyncio@32"} <= ran  # the designs, in the producer's container
    for name in ran:
        assert name in log
    # Every answer is held against serial's: a wrong one is a problem, as a lost one is.
    assert result.complete
    assert [run.problems for run in result.runs if run.problems] == []
    assert "workers: 6 of 6 answer" in log
    # The workers are in other containers, and say what they use.
    assert [run.contender for run in result.runs if not run.peak_memory_bytes or run.cpu_s is None] == []
    said = " ".join(log.split())
    assert "CPU is without the broker's, which is out of sight." in said
    assert f"Memory and CPU of each worker of celery:gevent@{SLOTS}x2: gevent-" in said
    assert max(map(len, log.splitlines())) <= WIDTH
    assert "celery:eventlet" in (lab.directory / "results" / "report.html").read_text()


def test_the_result_belongs_to_the_owner_of_the_directory(lab: Stack) -> None:
    results = lab.directory / "results"
    owner = results.stat()
    assert owner.st_uid in (OWNER, Path.home().stat().st_uid)
    for file in results.iterdir():
        assert (file.stat().st_uid, file.stat().st_gid) == (owner.st_uid, owner.st_gid)


def test_workers_are_scaled_and_each_does_its_share(lab: Stack) -> None:
    lab.compose("up", "-d", "--no-recreate", "--scale", "worker-gevent=3", "worker-gevent")
    try:
        out = f"results/{lab.project}.json.gz"
        said = lab.simul(
            "compare",
            "waits",
            "--with",
            "celery:gevent,celery:prefork",
            "--jobs",
            "120",
            "--rounds",
            "1",
            "--out",
            out,
        )
        result = load(lab.directory / out)
        [gevent] = [run for run in result.runs if str(run.contender) == f"celery:gevent@{SLOTS}x3"]
        assert {worker.partition("/")[0] for worker in gevent.workers} == lab.hosts("worker-gevent")
        assert len(lab.hosts("worker-gevent")) == 3
        assert {used.name.partition("@")[2] for used in gevent.used} == lab.hosts("worker-gevent")
        assert all(used.peak_memory_bytes and used.cpu_s is not None for used in gevent.used)
        assert str(gevent.contender) in said.stdout
        assert gevent.problems == []
    finally:
        lab.compose("up", "-d", "--no-recreate", "--scale", "worker-gevent=2", "worker-gevent")


def test_every_command_runs_in_the_lab(lab: Stack) -> None:
    assert "redis 8" in lab.simul("machine").stdout
    assert "12 of 12 jobs done" in lab.simul("send", "files", "--pool", "threads", "--jobs", "12").stderr
    assert "120 of 120 files are right" in lab.simul("data", "check", "data").stdout
    swept = lab.simul("sweep", "waits", "--concurrency", "1,2", "--jobs", "4", "--rounds", "1").stdout
    assert "celery:gevent" in swept
    assert "did not start" not in swept
    saved = first_result(lab)
    assert "celery:prefork" in lab.simul("show", f"results/{saved.name}").stdout
    assert (
        "results/again.html"
        in lab.simul(*f"report results/{saved.name} -o results/again.html".split()).stderr
    )
    assert "measured" in lab.simul("judit", "--hour", "0.1").stdout


def test_of_two_comparisons_one_waits_for_the_other(lab: Stack) -> None:
    command = ("compare", "waits", "--with", "celery:threads", "--jobs", "100", "--rounds", "2")
    with lab.started("run", "--rm", "-T", "producer", *command) as first:
        until(lambda: lab.redis("exists", "simul:turn") == "1", "the first has begun")
        second = lab.simul(*command)
        first.communicate()
    assert first.returncode == 0
    assert "another comparison uses these workers" in second.stderr
    assert lab.redis("exists", "simul:turn") == "0"


def test_a_pool_without_a_worker_is_left_out_at_once(lab: Stack) -> None:
    said = lab.simul(
        "compare", "files", "waits", "--with", "celery:solo,serial", "--jobs", "4", "--rounds", "1"
    )
    assert said.stdout.count("no worker consumes simul.solo") == 2


def test_a_wrong_password_is_refused_in_words(lab: Stack) -> None:
    wrong = "SIMUL_BROKER_URL=redis://:wrong@redis:6379/0"
    for service, command in (("producer", ["machine"]), ("worker-gevent", [])):
        said = lab.compose("run", "--rm", "-T", "-e", wrong, service, *command, check=False)
        assert said.returncode == 3
        assert "refuses the password" in said.stderr
        assert "Traceback" not in said.stderr
        assert "wrong@" not in said.stderr


def test_only_two_pages_are_published_and_only_to_this_machine(lab: Stack) -> None:
    lab.compose("--profile", "monitor", "up", "-d", "--no-recreate", "--no-deps", "flower")
    published = {
        container["Config"]["Labels"]["com.docker.compose.service"]: container["HostConfig"]["PortBindings"]
        for container in lab.containers()
        if container["HostConfig"]["PortBindings"]
    }
    ports = {"flower": ("5555/tcp", lab.flower_port), "page": (f"{lab.page_port}/tcp", lab.page_port)}
    assert published == {
        service: {inside: [{"HostIp": "127.0.0.1", "HostPort": str(outside)}]}
        for service, (inside, outside) in ports.items()
    }
    workers = {host for pool in POOLS_OF_THE_LAB for host in lab.hosts(f"worker-{pool}")}
    until(lambda: workers <= _seen_by_flower(lab.flower_port), "Flower shows the workers")


def test_containers_are_given_nothing_they_do_not_need(lab: Stack) -> None:
    for container in lab.containers():
        host, service = container["HostConfig"], container["Config"]["Labels"]["com.docker.compose.service"]
        assert host["ReadonlyRootfs"], service
        assert host["CapDrop"] == ["ALL"], service
        needed = ["KILL", "SETGID", "SETUID"] if service == "producer" else []
        assert sorted(host["CapAdd"] or []) == needed, service
        assert "no-new-privileges:true" in host["SecurityOpt"], service
        assert host["Memory"] > 0, service
        assert host["Init"], service
        assert (container["Config"]["User"] in ("root", "0")) == (service == "producer"), service
        data = [mount for mount in container["Mounts"] if mount["Destination"] == "/simul/data"]
        assert not any(mount["RW"] for mount in data), service


def test_the_producer_is_the_owner_of_the_results_and_keeps_no_capability(lab: Stack) -> None:
    with lab.started("run", "--rm", "-T", "producer", "judit", "--hour", "15"):
        producer = started_producer(lab)
        until(lambda: "simul" in _processes(producer), "the command has begun")
        status = _processes(producer)["simul"]
        docker("kill", producer)
    assert status["CapEff"] == status["CapPrm"] == "0" * 16
    assert status["Uid"].split()[0] == str((lab.directory / "results").stat().st_uid)


def test_a_comparison_that_is_stopped_keeps_what_is_done(lab: Stack) -> None:
    out = Path("results") / "stopped.json.gz"
    command = ("compare", "waits", "--with", "serial", "--jobs", "24", "--rounds", "1000", "--out", str(out))
    with lab.started("run", "--rm", "-T", "producer", *command) as process:
        until((lab.directory / out).exists, "a first run is saved")
        docker("stop", started_producer(lab))
        _, err = process.communicate()
    assert process.returncode == 130
    assert f"Interrupted. The finished runs are saved in {out}" in err
    assert load(lab.directory / out).runs


def started_producer(lab: Stack) -> str:
    """The container of a command that is under way."""
    mine = f"label=com.docker.compose.project={lab.project}"
    ask = ("ps", "-q", "-f", mine, "-f", "label=com.docker.compose.oneoff=True")
    until(lambda: docker(*ask), "the producer's container runs")
    [producer] = docker(*ask).split()
    return producer


def first_result(lab: Stack) -> Path:
    """Of the comparison that `docker compose up` made."""
    return min((lab.directory / "results").glob("compare-*.json.gz"))


def _seen_by_flower(port: int) -> set[str]:
    """The hosts of the workers on Flower's page, none while it does not answer."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/workers?json=1", timeout=5) as page:
            return {worker["hostname"].partition("@")[2] for worker in json.load(page)["data"]}
    except OSError:
        return set()


def _processes(container: str) -> dict[str, dict[str, str]]:
    """The status of a container's processes, by name."""
    text = docker("exec", container, "sh", "-c", "for s in /proc/[0-9]*/status; do cat $s; echo; done")
    statuses = [
        dict(line.split(":\t", 1) for line in part.splitlines() if ":\t" in line)
        for part in text.split("\n\n")
    ]
    return {status["Name"].strip(): status for status in statuses if "Name" in status}
