"""Whatever others have written, in whatever place: a terminal shows it, and obeys none of it."""

from __future__ import annotations

import csv
import dataclasses
import io
import json
import threading
import time
import unicodedata
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, Literal

import msgspec
import pytest
from rich.console import Console

from producer.cli.send import answer_line
from producer.contender_name import ContenderName
from producer.contenders.spec import Spec
from producer.measure.lab import Comparison
from producer.measure.progress import ProgressWatcher
from producer.printable import printable
from producer.results import Result
from producer.results.encode import encode
from producer.system.broker import Broker
from producer.system.client import connect
from producer.system.machine import look
from producer.system.pythons import Python
from producer.workloads import build
from tests.cli.conftest import Here
from tests.helpers import SOON_S, simul
from tests.made import a_result, a_run, left_out, on
from worker.records import JobRecord, SentRecord, boot_id

pytestmark = pytest.mark.untraced

#: Colours, a bell, a new line and an old one overwritten, a C1 control, a text turned round, rich's markup.
NASTY = "\x1b[7m\x07\r\n\x9b7m\u202e[red]x[/red]:x:"
#: How all of it is shown.
SHOWN = r"\x1b[7m\x07\r\n\x9b7m\u202e[red]x[/red]:x:"
#: What of it the name of a file can hold, and how that is shown.
FILE, FILE_SHOWN = NASTY.replace("/", ""), SHOWN.replace("/", "")


Kind = Literal["comparison", "sweep"]


def assert_only_text(*texts: str) -> None:
    """Nothing in it but what shows, and the breaks between lines."""
    for text in texts:
        odd = {character for character in text if not _is_plain(character)}
        assert not odd, f"{odd} in {text!r}"


def _is_plain(character: str) -> bool:
    return character.isprintable() or character == "\n" or unicodedata.category(character) == "Zs"


def nasty(value: Any, keys: bool = True) -> Any:
    """The same value with `NASTY` at the end of every text in it, the keys of dictionaries among them."""
    if isinstance(value, str):
        return value + NASTY
    if isinstance(value, ContenderName):
        return dataclasses.replace(value, way=value.way + NASTY)
    if isinstance(value, dict):
        return {nasty(key) if keys else key: nasty(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return type(value)(map(nasty, value))
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        kept = {"kind", "axis", "schema", "check"}  # no free text
        changes = {
            field.name: nasty(getattr(value, field.name))
            for field in dataclasses.fields(value)
            if field.name not in kept
        }
        return dataclasses.replace(value, **changes)
    return value


@pytest.fixture
def hostile() -> Result:
    """A result with something nasty in every text; of each contender there are five runs, one invalid."""
    result = a_result({"serial": [4.0] * 5, "threads@4": [2.0] * 5})
    result.workloads[0].contenders.append(left_out("celery:solo", "it did not start"))
    result.workloads[0].reference = dataclasses.replace(result.workloads[0].reference, summary="all right")
    result.pythons.append(Python("3.14t", "/python", "CPython", (3, 14), True, {}, {"x": "no x"}))
    result.runs.append(a_run("celery:gevent@2", problems=["1 job is lost"]))
    result.runs[-1].errors[0] = "Error: no"
    return nasty(result)  # type: ignore[no-any-return]


def saved(result: Result, path: Path) -> Path:
    """The result in a file, as anybody may write one."""
    path.write_bytes(encode(result))
    return path


SHOW = [(), ("--json",), ("--export", "csv"), ("--export", "markdown")]


@pytest.mark.parametrize("how", SHOW, ids=" ".join)
def test_show_prints_a_hostile_result_as_text(
    tmp_path: Path, simul_here: Here, hostile: Result, how: tuple[str, ...]
) -> None:
    said = simul_here("show", str(saved(hostile, tmp_path / "a.json")), *how)
    assert (said.code, said.err) == (0, "")
    assert_only_text(said.out)
    if not how:
        assert f"threads{SHOWN}@4" in said.out
        assert f"left out: celery:solo{SHOWN}: it did not start{SHOWN}" in " ".join(said.out.split())
        assert f"INVALID celery:gevent{SHOWN}@2, round 1: 1 job is lost{SHOWN}" in said.out
        table = [line for line in said.out.splitlines() if "  serial\\x1b" in line or "threads\\" in line]
        assert (
            len({len(line.rstrip()) for line in table[:2]}) == 1
        )  # the columns are as wide as what is shown
    if "--json" in how:
        assert json.loads(said.out).keys() == {f"waits{NASTY}"}
    if "csv" in how:
        rows = list(csv.DictReader(io.StringIO(said.out)))
        assert {row["contender"] for row in rows} == {
            f"{way}{SHOWN}{slots}"
            for way, slots in (("serial", ""), ("threads", "@4"), ("celery:gevent", "@2"))
        }
    if "markdown" in how:
        assert r"\[red\]x\[/red\]" in said.out
        assert {line.replace("\\|", "").count("|") for line in said.out.splitlines() if "|" in line} == {13}


def test_show_prints_a_hostile_sweep_as_text(tmp_path: Path, simul_here: Here) -> None:
    sweep = a_result({f"threads{NASTY}@{slots}": [4.0 / slots] * 5 for slots in (1, 2, 4)})
    sweep = dataclasses.replace(sweep, kind="sweep")
    for run in sweep.runs:
        run.slots = run.contender.slots or 1
    sweep.workloads[0].contenders.append(left_out("celery:solo" + NASTY, NASTY))
    said = simul_here("show", str(saved(sweep, tmp_path / "a.json")))
    assert (said.code, said.err) == (0, "")
    assert_only_text(said.out)
    assert f"\nthreads{SHOWN}\n" in said.out
    assert f"left out: celery:solo{SHOWN}: {SHOWN}" in said.out


def test_diff_prints_hostile_results_as_text(tmp_path: Path, simul_here: Here, hostile: Result) -> None:
    old, new = saved(hostile, tmp_path / "old.json"), saved(hostile, tmp_path / f"new{FILE}.json")
    said = simul_here("diff", str(old), str(new))
    assert (said.code, said.err) == (0, "")
    assert_only_text(said.out)
    assert f"new{FILE_SHOWN}.json against " in said.out
    assert f"threads{SHOWN}@4" in said.out
    as_json = simul_here("diff", str(old), str(new), "--json")
    assert_only_text(as_json.out)
    assert json.loads(as_json.out).keys() == {str(new)}


def test_diff_names_what_differs_as_text(tmp_path: Path, simul_here: Here, hostile: Result) -> None:
    new = on(hostile, cpu=f"another{NASTY}")
    [workload] = new.workloads
    added = dataclasses.replace(workload, name=f"mixed{NASTY}")
    new = dataclasses.replace(new, workloads=[workload, added])
    files = str(saved(hostile, tmp_path / "old.json")), str(saved(new, tmp_path / "new.json"))
    refused = simul_here("diff", *files)
    assert refused.code == 6
    assert_only_text(refused.err)
    assert len(refused.err.splitlines()) == 1
    forced = simul_here("diff", *files, "--force")
    assert_only_text(forced.out, forced.err)
    assert "FORCED, not comparable: " in forced.out


def test_diff_can_name_a_file_whose_name_is_no_text(
    tmp_path: Path, simul_here: Here, hostile: Result
) -> None:
    old, new = saved(hostile, tmp_path / "old.json"), saved(hostile, tmp_path / "new\udcff.json")
    assert r"new\udcff.json against" in simul_here("diff", str(old), str(new)).out
    [name] = json.loads(simul_here("diff", str(old), str(new), "--json").out)
    assert name.endswith(r"new\xff.json")


@pytest.mark.parametrize("kind", ["comparison", "sweep"])
def test_a_report_of_hostile_results_is_text(
    tmp_path: Path, simul_here: Here, hostile: Result, kind: Kind
) -> None:
    hostile = dataclasses.replace(hostile, kind=kind)
    hostile.workloads[0].description += "</script><img src=x onerror=alert(1)>"
    first, second = saved(hostile, tmp_path / "a.json"), saved(hostile, tmp_path / f"b{FILE}.json")
    said = simul_here("report", str(first), str(second), "-o", f"page{FILE}.html", "--static", f"s{FILE}")
    assert said.code == 0
    assert_only_text(said.out, said.err)
    page = (tmp_path / f"page{FILE}.html").read_text("utf-8")
    assert_only_text(page)
    assert "<img" not in page
    drawings = list((tmp_path / f"s{FILE}").iterdir())
    assert drawings
    for drawing in drawings:
        assert_only_text(drawing.name, drawing.read_text("utf-8"))


@pytest.mark.parametrize(
    "arguments",
    [
        ("show", NASTY),
        ("diff", NASTY, NASTY),
        ("report", NASTY),
        ("data", "check", NASTY),
        ("data", "make", "--into", f"/dev/null/{NASTY}"),
        ("compare", NASTY),
        ("compare", "--with", NASTY),
        ("compare", "files", "--data", NASTY),
        ("compare", "waits", "--with", "serial", "--out", f"{'x' * 300}{NASTY}"),
        ("compare", "waits", "--with", "serial", "-q", "--python", NASTY),
        ("sweep", NASTY),
        ("sweep", "waits", "--with", NASTY),
        ("sweep", "waits", "-c", NASTY),
        ("send", NASTY),
        ("send", "waits", "--pool", NASTY),
        ("send", "waits", "--broker", NASTY),
        ("worker", "--pool", NASTY),
        ("worker", "--broker", f"redis://{NASTY}"),
        ("machine", "--broker", f"redis://x:y@{NASTY}"),
        ("judit", "--design", NASTY),
    ],
    ids=lambda arguments: " ".join(arguments).replace(NASTY, "NASTY"),
)
def test_what_is_misread_is_repeated_as_text(simul_here: Here, arguments: tuple[str, ...]) -> None:
    said = simul_here(*arguments)
    assert said.code not in (0, 1)
    assert_only_text(said.out, said.err)
    assert len(said.err.splitlines()) == 1


@pytest.mark.parametrize("columns", ["60", "100"])
@pytest.mark.parametrize(
    "argument",
    [NASTY, f"--{NASTY}", f"--workers={NASTY}"],
    ids=["a command", "an option", "a value"],
)
def test_what_typer_complains_of_is_repeated_as_text(tmp_path: Path, argument: str, columns: str) -> None:
    command = "compare" if argument.startswith("-") else argument
    said = simul(command, argument, cwd=tmp_path, environment={"COLUMNS": columns})
    assert said.code == 2
    assert_only_text(said.out, said.err)


def test_files_are_checked_and_named_as_text(tmp_path: Path, simul_here: Here) -> None:
    directory = tmp_path / f"set{FILE}"
    made = simul_here("data", "make", "--into", str(directory), "--count", "3", "--corrupt", "2")
    assert_only_text(made.out, made.err)
    (directory / f"test{FILE}.txt").write_text(f"# 1\n1, {NASTY}\n1\n")
    (directory / "test\x1b[7m-wrong.txt").write_text("# 1\n1, 1\n3\n")
    checked = simul_here("data", "check", str(directory))
    assert checked.code == 1
    assert_only_text(checked.out, checked.err)
    assert len(checked.out.splitlines()) == 5
    assert f"test{FILE_SHOWN}.txt: malformed: " in checked.out
    assert r"test\x1b[7m-wrong.txt: wrong: the sum is 2, the file says 3" in checked.out


def test_the_machine_is_described_as_text(simul_here: Here, monkeypatch: pytest.MonkeyPatch) -> None:
    seen = dataclasses.replace(nasty(look()), packages={"x" + NASTY: NASTY})
    monkeypatch.setattr("producer.system.machine.look", lambda: seen)
    monkeypatch.setattr(
        "producer.system.broker.check", lambda *_: f"redis {NASTY}"
    )  # what a server says of itself
    for more in ((), ("--json",)):
        said = simul_here("machine", "--broker", "redis://127.0.0.1:1/0", *more)
        assert (said.code, said.err) == (0, "")
        assert_only_text(said.out)
        assert "redis " in said.out


def test_a_comparison_shows_its_result_and_why_nothing_was_measured_as_text(
    simul_here: Here, hostile: Result, monkeypatch: pytest.MonkeyPatch
) -> None:
    hostile.runs[:] = [run for run in hostile.runs if run.problems]

    def carry_out(comparison: Comparison) -> Result:
        comparison._watcher.left_out(WAITS, Spec("serial", 1), NASTY)
        comparison._watcher.ran(hostile.runs[0])
        return hostile

    monkeypatch.setattr(Comparison, "carry_out", carry_out)
    monkeypatch.setenv("COLUMNS", "400")
    said = simul_here("compare", "waits", "--with", "serial", "--out", f"a{FILE}.json")
    assert said.code == 7
    assert_only_text(said.out, said.err)
    invalid, empty, where, measured = said.err.splitlines()
    assert invalid == f"waits{SHOWN}: round 1 of celery:gevent{SHOWN}@2 is invalid: 1 job is lost{SHOWN}"
    assert (empty, where) == ("", f"Saved as a{FILE_SHOWN}.json")
    assert measured.startswith(f"NothingMeasured: waits{SHOWN}: no run was valid: celery:gevent{SHOWN}@2: ")


WAITS = build("waits", 1, 1, 1, Path())


def test_a_bar_shows_what_it_is_told_as_text() -> None:
    output = io.StringIO()
    console = Console(file=output, force_terminal=True, color_system=None, width=200)
    workload = dataclasses.replace(WAITS, name=f"waits{NASTY}")
    with ProgressWatcher(console) as watcher:
        watcher.left_out(workload, Spec("serial", 1), NASTY)
        watcher._bar.refresh()
    assert f"waits{SHOWN}: leaving out serial: {SHOWN}" in output.getvalue()
    assert not {"\x07", "\x9b", "\u202e"} & set(output.getvalue())
    assert "\x1b[7m" not in output.getvalue()


@pytest.mark.parametrize("as_json", [False, True])
def test_what_a_worker_answers_is_shown_as_text(broker: Broker, simul_here: Here, as_json: bool) -> None:
    # Not in its name: a worker whose name cannot be printed is not believed (producer/contenders/ledger.py).
    record = JobRecord(0, "lab/1", 0, 0, 0, 0, None, f"Error: {NASTY}")
    with records(broker, record):
        command = ("send", "waits", "--pool", "solo", "--jobs", "1", "--broker", broker.url)
        said = simul_here(*command, *(["--json"] if as_json else []))
    assert said.code == 1
    assert_only_text(said.out, said.err)
    [line] = said.out.splitlines()
    if as_json:
        assert json.loads(line)["error"] == record.error
    else:
        assert line.endswith(f"lab/1       0.00 ms  Error: {SHOWN}")


@contextmanager
def records(broker: Broker, record: JobRecord) -> Iterator[None]:
    """Somebody who writes this record into the next run of the broker, as of then, and does no job."""
    done = threading.Event()

    def write() -> None:
        with closing(connect(broker.url)) as client:
            while not done.wait(0.02):
                for stream in client.scan_iter("simul:run:*"):
                    now = time.monotonic_ns()
                    timed = dataclasses.replace(
                        record, enqueued_ns=now, received_ns=now, started_ns=now, finished_ns=now
                    )
                    client.xadd(stream, {"record": msgspec.json.encode(SentRecord(timed, boot_id(), 0))})
                    return

    thread = threading.Thread(target=write)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join(SOON_S)
        with closing(connect(broker.url)) as client:
            client.delete("simul.solo", "_kombu.binding.simul.solo", "_kombu.binding_permanent.simul.solo")


def test_an_answer_of_any_kind_is_one_line_of_text() -> None:
    verdict = {"file": NASTY, "verdict": NASTY, "expected": 1, "found": 2, "reason": NASTY}
    answers: list[dict[str, Any]] = [{"verdicts": [verdict]}, {NASTY: NASTY}, {"move": NASTY}]
    for answer in answers:
        line = printable(answer_line(JobRecord(0, NASTY, 0, 1, 1, 1, answer)))
        assert_only_text(line)
        assert "\n" not in line
