"""`simul load` and `simul queues`, whole: jobs that arrive at real workers, of Celery and of a peer."""

from __future__ import annotations

from pathlib import Path

import pytest

from producer.cli.queues import _command
from producer.results import load
from tests.helpers import simul


def test_a_load_prints_its_table_and_saves_and_shows_it(tmp_path: Path) -> None:
    pytest.importorskip("huey")
    said = simul(
        *("load", "noop", "--jobs", "20", "--rate", "20,40", "--for", "1", "--burst", "10@0.5"),
        *("--with", "celery:threads@2,huey@2", "--out", "a.json.gz"),
        cwd=tmp_path,
    )
    result = load(tmp_path / "a.json.gz")
    # On a busy machine the sender may be late, which is then said, and nothing else may be wrong.
    late = [run for run in result.runs if not run.valid]
    assert all(run.problems[0].startswith("the sender was late") for run in late), late
    assert said.code == (7 if len(late) == len(result.runs) else 0), said.err
    rounds = [line for line in said.err.splitlines() if line.startswith("noop: round")]
    progress = [line for line in rounds if "invalid" not in line]
    assert progress == ["noop: round 1 of 1, 20 jobs/s", "noop: round 1 of 1, 40 jobs/s"]
    for name in ("celery:threads@2", "huey@2"):
        assert any(f"  {name} {verdict}" in said.out for verdict in ("holds", "held", "no valid run"))
    assert "Latency counts from the moment at which a job was to arrive" in said.out
    assert result.kind == "load"
    assert result.complete
    rates = {(str(run.contender), run.offered.rate) for run in result.runs if run.offered}
    assert rates == {(name, rate) for name in ("celery:threads@2", "huey@2") for rate in (20, 40)}
    assert all(run.offered.burst == 10 for run in result.runs if run.offered)
    assert simul("show", "a.json.gz", cwd=tmp_path).out == said.out
    assert simul("report", "a.json.gz", "-o", "a.html", cwd=tmp_path).code == 0
    assert "<h2>noop</h2>" in (tmp_path / "a.html").read_text()
    assert simul("diff", "a.json.gz", "a.json.gz", cwd=tmp_path).code == 6


@pytest.mark.parametrize(
    ("options", "code", "why"),
    [
        (
            ("--rate", "fast"),
            2,
            "InvalidJob: a rate is a number of jobs a second above 0, not 'fast'",
        ),
        (("--rate", "1e9"), 2, "InvalidJob: nobody can send 1e+09 jobs/s from one process"),
        (
            ("--with", "threads@2"),
            4,
            "Unavailable: threads@2 has no queue at which jobs could arrive",
        ),
        (("--with", "huey@2", "--workers", "external"), 4, "Unavailable: huey@2 is a peer"),
        (("--with", "rq@3"), 2, "UnknownName: rq has one slot"),
    ],
)
def test_what_makes_no_sense_is_one_clear_line(
    options: tuple[str, ...], code: int, why: str, tmp_path: Path
) -> None:
    said = simul("load", "noop", *options, cwd=tmp_path)
    assert (said.code, said.out) == (code, "")
    [line] = said.err.splitlines()
    assert line.startswith(why)


def test_queues_are_compared_on_one_page_and_one_that_cannot_run_stops_nobody(tmp_path: Path) -> None:
    pytest.importorskip("huey")
    said = simul(
        *("queues", "--quick", "--quiet", "--with", "celery:solo,huey@2", "--out", "page.md"), cwd=tmp_path
    )
    assert said.code == 0, said.err
    page = (tmp_path / "page.md").read_text()
    assert "simul queues --with celery:solo,huey@2 --quick --out page.md` on" in page
    for name in ("noop", "waits of 100 ms", "search", "files"):
        section = page.partition(f"## {name}\n")[2].partition("\n## ")[0]
        assert "| celery:solo | late |" in section
        assert "| huey@2 | early |" in section
        assert "no valid run" not in section


def test_a_page_of_queues_names_no_password_and_replaces_no_other_file(tmp_path: Path) -> None:
    (tmp_path / "README.md").write_text("mine")
    said = simul("queues", "--out", "README.md", cwd=tmp_path)
    assert (said.code, (tmp_path / "README.md").read_text()) == (6, "mine")
    assert said.err.startswith("Result: README.md exists and is no page of queues")
    said = simul("queues", "--quick", "--with", "threads@2", cwd=tmp_path)
    assert said.code == 4
    assert said.err.splitlines()[-1].startswith(
        "Unavailable: threads@2 has no queue at which jobs could arrive"
    )
    command = _command({}, "huey@2", 3, 2026, "redis://:secret@host", None, quick=False)
    assert command == "uv run --extra peers simul queues --with huey@2 --broker YOURS"
