"""Whatever stands at the other end of a command: its work is saved, one line is said, its code is right."""

from __future__ import annotations

import ast
import fcntl
import os
import select
import subprocess
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

from producer.cli.streams import INSTEAD, Stream
from producer.results import load
from producer.results.encode import encode
from producer.show.report.document import OPENING
from producer.workloads.data_files import make
from tests.cli.conftest import Here
from tests.helpers import SIMUL, SOON_S, Said, clean_environment
from tests.made import a_result

pytestmark = pytest.mark.untraced

#: A command of each kind of output: Typer's, lines, tables, exports, results at the end of much work.
COMMANDS: dict[str, tuple[str, ...]] = {
    "help": ("--help",),
    "show": ("show", "a.json"),
    "show csv": ("show", "a.json", "--export", "csv"),
    "diff": ("diff", "a.json", "b.json"),
    "machine": ("machine",),
    "data check": ("data", "check", "set"),
    "judit": ("judit", "--opponents", "2", "--moves", "1", "--hour", "0.1"),
    "compare": ("compare", "waits", "--quick", "--with", "serial", "--jobs", "3", "--out", "out.json"),
}
#: To Python's own way of reading the locale nothing may be added: no UTF-8 mode, no better locale.
PLAIN = {"PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
ALPHABETS = {
    "C": ({"LC_ALL": "C", **PLAIN}, "ascii"),
    "ascii": ({"PYTHONIOENCODING": "ascii"}, "ascii"),
    "latin-1": ({"PYTHONIOENCODING": "latin-1"}, "latin-1"),
}
#: What there is to lose in a command that ends at once, and in one that works first.
SHORT_AND_LONG = ("show", "compare")


@pytest.fixture
def here(tmp_path: Path) -> Path:
    """A directory with two results and a set of data files."""
    make(tmp_path / "set", 3)
    for name in ("a.json", "b.json"):
        result = a_result({"serial": [4.0] * 5, "threads@4": [2.0] * 5})
        (tmp_path / name).write_bytes(encode(result))
    return tmp_path


def run(
    command: Sequence[str],
    cwd: Path,
    redirected: str = "",
    environment: Mapping[str, str] | None = None,
    stdout: int = subprocess.PIPE,
    stderr: int = subprocess.PIPE,
) -> Said:
    """The command to its end, its descriptors redirected by a shell; what it says is read as UTF-8."""
    done = subprocess.run(
        ["sh", "-c", f'exec "$@" {redirected}', "sh", SIMUL, *command],
        cwd=cwd,
        env=clean_environment(**(environment or {})),
        stdout=stdout,
        stderr=stderr,
        timeout=2 * SOON_S,
        check=False,
    )
    out, err = ((stream or b"").decode(errors="replace") for stream in (done.stdout, done.stderr))
    assert "Traceback" not in err
    assert "Exception ignored" not in err
    return Said(done.returncode, out, err)


def require_saved(command: Sequence[str], cwd: Path) -> None:
    """Where the command saves something, it is there, and whole."""
    if "out.json" in command:
        result = load(cwd / "out.json")
        assert result.complete
        assert all(run.valid for run in result.runs)


@contextmanager
def nobody_reads() -> Iterator[int]:
    """A pipe whose reader is gone."""
    reading, writing = os.pipe()
    os.close(reading)
    try:
        yield writing
    finally:
        os.close(writing)


@pytest.mark.parametrize(
    ("name", "redirected", "why"),
    [
        *((name, ">/dev/full", "No space left on device") for name in COMMANDS),
        *((name, closed, "it is closed") for name in SHORT_AND_LONG for closed in (">&-", "<&- >&-")),
    ],
)
def test_results_that_cannot_be_written_are_missed_in_one_line(
    here: Path, name: str, redirected: str, why: str
) -> None:
    command = COMMANDS[name]
    said = run(command, here, redirected)
    assert said.code == 1
    *before, last = said.err.splitlines()
    assert last == f"Output: stdout cannot be written (print): {why}. What was to be saved is saved."
    assert before == [] or before[-1] == "Saved as out.json"
    require_saved(command, here)


@pytest.mark.parametrize("name", ["help", "machine", *SHORT_AND_LONG])
def test_a_reader_that_has_gone_is_no_reason_for_words(here: Path, name: str) -> None:
    command = COMMANDS[name]
    with nobody_reads() as writing:
        said = run(command, here, stdout=writing)
    assert said.code == 141
    assert "Output" not in said.err
    require_saved(command, here)


def test_a_reader_of_both_streams_may_go_before_the_work_is_done(here: Path) -> None:
    command = COMMANDS["compare"]
    with nobody_reads() as writing:
        assert run(command, here, stdout=writing, stderr=writing).code == 141
    require_saved(command, here)


@pytest.mark.parametrize("name", SHORT_AND_LONG)
@pytest.mark.parametrize("kind", ["closed", "full", "unread"])
def test_nobody_has_to_hear_of_progress(here: Path, name: str, kind: str) -> None:
    command = COMMANDS[name]
    if kind == "unread":
        with nobody_reads() as writing:
            said = run(command, here, stderr=writing)
    else:
        said = run(command, here, {"closed": "2>&-", "full": "2>/dev/full"}[kind])
    assert said.code == 0
    assert said.out.strip()
    require_saved(command, here)


@pytest.mark.parametrize("redirected", ["2>&-", "2>/dev/full"])
def test_an_error_that_nobody_hears_is_still_in_the_exit_code(here: Path, redirected: str) -> None:
    assert run(("show", "none.json"), here, redirected) == Said(6, "", "")


def test_what_became_slower_counts_more_than_a_reader_that_has_gone(here: Path) -> None:
    slower = a_result({"serial": [8.0] * 5, "threads@4": [9.0] * 5})
    (here / "b.json").write_bytes(encode(slower))
    with nobody_reads() as writing:
        assert run((*COMMANDS["diff"], "--fail-above", "1.1"), here, stdout=writing).code == 1


@pytest.mark.parametrize(("redirected", "code"), [("2>&-", 0), ("<&- >&- 2>&-", 1)])
def test_what_a_comparison_opens_is_not_taken_for_a_closed_stream(
    here: Path, redirected: str, code: int
) -> None:
    # Pipes to a design, sockets to a broker: one of them would get the number that is free.
    command = ("compare", "waits", "--quick", "--with", "threads@2,celery:solo", "--jobs", "3")
    assert run((*command, "--out", "out.json"), here, redirected).code == code
    require_saved(("out.json",), here)
    assert {str(run.contender) for run in load(here / "out.json").runs} == {"threads@2", "celery:solo"}


@pytest.mark.parametrize(
    ("name", "alphabet"), [*((name, "C") for name in COMMANDS), ("show", "ascii"), ("show", "latin-1")]
)
def test_every_alphabet_will_do(here: Path, name: str, alphabet: str) -> None:
    command = COMMANDS[name]
    environment, encoding = ALPHABETS[alphabet]
    said = run(
        (*command, "--report", "page.html") if "compare" in command else command, here, "", environment
    )
    assert said.code == 0
    assert "UnicodeEncodeError" not in said.err
    if encoding == "ascii":
        assert (said.out + said.err).isascii()
    require_saved(command, here)
    if name == "show":
        assert {"ascii": "x serial's speed", "latin-1": "\ufffd serial's speed"}[encoding] in said.out
        assert "(4.00-4.00)" in said.out
        lines = [line.rstrip() for line in said.out.splitlines() if "4.00)" in line or "2.00)" in line]
        assert len({len(line) for line in lines}) == 1  # the columns stand straight


@pytest.mark.parametrize("alphabet", ["C", "latin-1"])
def test_an_error_is_said_in_every_alphabet(here: Path, alphabet: str) -> None:
    environment, _ = ALPHABETS[alphabet]
    said = run(("show", "東京.json"), here, "", environment)
    assert said.code == 6
    assert said.err.startswith("Result: ")
    assert said.err.endswith(" cannot be read (load): No such file or directory\n")
    assert len(said.err.splitlines()) == 1


def test_a_descriptor_that_does_not_block_is_waited_for() -> None:
    reading, writing = os.pipe()
    os.set_blocking(writing, False)
    text = "0123456789\n" * 50_000  # more than a pipe holds
    stream = Stream(writing, "utf-8", lines=False)

    def write() -> None:
        stream.write(text)
        stream.flush()
        os.close(writing)

    thread = threading.Thread(target=write)
    thread.start()
    with open(reading, encoding="utf-8") as end:  # noqa: PTH123 - a descriptor has no path
        assert end.read() == text
    thread.join(SOON_S)
    assert stream.outlet.failure is None


def test_where_there_is_utf8_nothing_is_put_in_its_place(here: Path) -> None:
    said = run(COMMANDS["show"], here)
    assert "× serial's speed" in said.out
    assert "(4.00–4.00)" in said.out


def test_all_that_simul_itself_prints_has_something_to_stand_in_its_place() -> None:
    printed = set()
    for path in Path("producer").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                printed |= {character for character in node.value if not character.isascii()}
    of_docstrings = {"ä"}
    of_patterns = {"＝", "＋", "－", "＠", "÷", "−", "—"}
    assert printed - of_docstrings - of_patterns <= INSTEAD.keys()
    assert all(instead.isascii() for instead in INSTEAD.values())


def test_a_page_can_be_written_to_stdout(here: Path) -> None:
    said = run(("report", "a.json", "-o", "/dev/stdout"), here)
    assert said.code == 0
    assert said.err == "/dev/stdout: 0.1 MB\n"
    assert said.out.startswith(OPENING)
    assert said.out.endswith("</html>\n")


def test_who_reads_a_page_may_go_before_its_end(here: Path) -> None:
    reading, writing = os.pipe()
    fcntl.fcntl(writing, fcntl.F_SETPIPE_SZ, 4096)  # less than a page

    def read_a_little() -> None:
        os.read(reading, 1)
        os.close(reading)

    thread = threading.Thread(target=read_a_little)
    thread.start()
    try:
        said = run(("report", "a.json", "-o", "/dev/stdout"), here, stdout=writing)
    finally:
        os.close(writing)
        thread.join(SOON_S)
    assert (said.code, said.err) == (141, "ReaderGone: /dev/stdout was not read to its end (report)\n")


def test_a_page_can_be_written_to_a_file_that_is_stdout(here: Path) -> None:
    said = run(("report", "a.json", "-o", "/dev/stdout"), here, ">page.html")
    assert (said.code, said.out) == (0, "")
    assert (here / "page.html").read_text("utf-8").startswith(OPENING)
    assert Path("/dev/stdout").is_symlink()


def test_a_link_to_a_page_stays_a_link(here: Path, simul_here: Here) -> None:
    (here / "link.html").symlink_to("page.html")
    for _ in range(2):
        assert simul_here("report", "a.json", "-o", "link.html").code == 0
    assert (here / "link.html").is_symlink()
    assert (here / "page.html").read_text("utf-8").startswith(OPENING)


def test_a_page_goes_through_a_pipe_with_a_name_to_who_reads_it(here: Path) -> None:
    os.mkfifo(here / "pipe")
    reading = os.open(here / "pipe", os.O_RDONLY | os.O_NONBLOCK)
    read: list[bytes] = []

    def read_all() -> None:
        if select.select([reading], [], [], SOON_S)[0]:  # before somebody writes, it would be at its end
            os.set_blocking(reading, True)
            while data := os.read(reading, 2**16):
                read.append(data)

    thread = threading.Thread(target=read_all)
    thread.start()
    try:
        assert run(("report", "a.json", "-o", "pipe"), here).code == 0
    finally:
        thread.join(2 * SOON_S)
        os.close(reading)
    page = b"".join(read).decode()
    assert page.startswith(OPENING)
    assert page.endswith("</html>\n")


@pytest.mark.parametrize(
    ("out", "told"),
    [
        ("pipe", "nobody reads pipe (report): start the reader first, or name a file"),
        ("set", "set is no file (report): name one with --out"),
        ("/dev/full", "/dev/full cannot be written (report): No space left on device"),
        ("a.json", "a.json exists and is no report (report): name another file with --out"),
        ("a.json/page.html", "a.json/page.html cannot be written (report): "),
    ],
)
def test_a_page_that_cannot_be_written_is_told_in_one_line(
    here: Path, simul_here: Here, out: str, told: str
) -> None:
    os.mkfifo(here / "pipe")
    said = simul_here("report", "a.json", "-o", out)
    assert (said.code, said.out) == (6, "")
    [line] = said.err.splitlines()
    assert line.startswith(f"Result: {told}")


def test_a_page_that_cannot_be_written_is_told_before_the_comparison(here: Path, simul_here: Here) -> None:
    said = simul_here(*COMMANDS["compare"], "--report", "set")
    assert (said.code, said.out) == (6, "")
    assert said.err == "Result: set is no file (report): name one with --out\n"
    assert not (here / "out.json").exists()


@pytest.mark.parametrize("out", ["/dev/stdout", "/dev/full", "pipe", "set"])
def test_a_result_that_cannot_be_saved_is_told_before_the_comparison(
    here: Path, simul_here: Here, out: str
) -> None:
    os.mkfifo(here / "pipe")
    said = simul_here("compare", "waits", "--quick", "--with", "serial", "--out", out)
    assert (said.code, said.out) == (6, "")
    [line] = said.err.splitlines()
    assert line.startswith(f"Result: {out} ")
    assert "(save)" in line


def test_a_drawing_takes_the_place_of_a_pipe_and_waits_for_nobody(here: Path, simul_here: Here) -> None:
    (here / "slides").mkdir()
    os.mkfifo(here / "slides" / "waits-makespan.svg")
    said = simul_here("report", "a.json", "--static", "slides")
    assert said.code == 0
    assert (here / "slides" / "waits-makespan.svg").is_file()
