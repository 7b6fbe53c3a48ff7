"""The lines of a file, or of a pipe, become calls; they stay on disk."""

from __future__ import annotations

import gc
import io
import pickle
import tracemalloc
from pathlib import Path

import pytest

from producer.workloads.calls import DEFAULT_CALLS, Calls, read_calls
from producer.workloads.data_hash import data_hash
from worker.errors import DataError
from worker.jobs import MAX_ARGUMENTS, Call


def write(path: Path, text: str | bytes) -> Path:
    """A file of arguments."""
    file = path / "args.jsonl"
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    return file


def arguments(calls: Calls) -> list[str]:
    """What each call is given."""
    return [job.arguments for job in calls if isinstance(job, Call)]


def test_each_line_is_a_call(tmp_path: Path) -> None:
    calls = read_calls("m:f", write(tmp_path, '{"to": "ü"}\n\n [1, 2]\r\n7'), None, None)
    assert arguments(calls) == ['{"to": "ü"}', "[1, 2]", "7"]
    assert calls[-1] == Call("m:f", "7")
    assert calls[1:] == [Call("m:f", "[1, 2]"), Call("m:f", "7")]
    with pytest.raises(IndexError):
        calls[3]


def test_a_byte_order_mark_is_no_part_of_the_first_line(tmp_path: Path) -> None:
    assert arguments(read_calls("m:f", write(tmp_path, b"\xef\xbb\xbf1\n2\n"), None, None)) == ["1", "2"]


@pytest.mark.parametrize(
    ("jobs", "repeat", "got"),
    [
        (None, None, "123"),
        (2, None, "12"),
        (5, None, "12312"),
        (None, 2, "123123"),
        (4, 2, "1231"),
        (9, 2, "123123"),
    ],
)
def test_how_many(tmp_path: Path, jobs: int | None, repeat: int | None, got: str) -> None:
    calls = read_calls("m:f", write(tmp_path, "1\n2\n3\n"), jobs, repeat)
    assert "".join(arguments(calls)) == got
    assert len(calls) == len(got)


def test_without_a_source_there_are_no_arguments() -> None:
    assert len(read_calls("m:f", None, None, None)) == DEFAULT_CALLS
    assert arguments(read_calls("m:f", None, 2, None)) == ["[]", "[]"]
    assert len(read_calls("m:f", None, None, 7)) == 7


def test_a_process_elsewhere_reads_the_same_file(tmp_path: Path) -> None:
    calls = read_calls("m:f", write(tmp_path, "1\n2\n"), 3, None)
    calls.limit_s = 3.5
    there = pickle.loads(pickle.dumps(calls))
    assert list(there) == list(calls)
    assert there.limit_s == 3.5
    assert there.path == calls.path


def test_the_file_goes_with_the_calls(tmp_path: Path) -> None:
    calls = read_calls("m:f", write(tmp_path, "1\n"), None, None)
    path = calls.path
    assert path.exists()
    del calls
    gc.collect()
    assert not path.exists()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("1\n\n{to: 1}\n", "line 3 of {} (--args) is no JSON: "),
        ("1\nNaN\n", "line 2 of {} (--args) is no JSON: NaN is no JSON value"),
        (b"1\n\xff\n", "line 2 of {} (--args) is not UTF-8"),
        ("[" * 100_000 + "\n", "line 1 of {} (--args) is no JSON: "),
        (
            f'"{"x" * MAX_ARGUMENTS}"\n',
            f"line 1 of {{}} (--args) is longer than {MAX_ARGUMENTS:,} characters",
        ),
        ("\n \n", '{} has no line (--args): write one JSON value a line, such as {{"to": 7}}'),
    ],
)
def test_what_is_no_line_is_told_with_its_number(tmp_path: Path, text: str | bytes, said: str) -> None:
    file = write(tmp_path, text)
    with pytest.raises(DataError) as told:
        read_calls("m:f", file, None, None)
    assert said.format(file) in str(told.value)
    assert len(str(told.value)) < 400


def test_lines_after_those_that_are_wanted_are_not_read(tmp_path: Path) -> None:
    assert len(read_calls("m:f", write(tmp_path, "1\n2\nthis is no JSON\n"), 2, None)) == 2


def test_a_file_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"nothing cannot be read \(--args\): No such file"):
        read_calls("m:f", tmp_path / "nothing", None, None)
    with pytest.raises(DataError, match="Is a directory"):
        read_calls("m:f", tmp_path, None, None)


def test_many_lines_take_the_memory_of_their_numbers(tmp_path: Path) -> None:
    lines, length = 20_000, 500
    line = b'"' + b"x" * length + b'"\n'
    file = write(tmp_path, line * lines)
    tracemalloc.start()
    try:
        calls = read_calls("m:f", file, None, None)
        held, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert len(calls) == lines
    assert held < lines * length / 10


def test_the_hash_is_of_what_is_called_with_what(tmp_path: Path) -> None:
    def hashed(target: str, text: str) -> str:
        return data_hash(read_calls(target, write(tmp_path, text), None, None), tmp_path)

    assert hashed("m:f", "1\n2\n") == hashed("m:f", "1\n2\n")
    assert hashed("m:f", "1\n2\n") != hashed("m:g", "1\n2\n")
    assert hashed("m:f", "1\n2\n") != hashed("m:f", "1\n3\n")


def test_lines_come_from_bytes() -> None:
    assert arguments(Calls("m:f", io.BytesIO(b"12").read().split())) == ["12"]


def test_a_file_may_be_called_stdin(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("stdin").write_text("[1]\n[2]\n")
    assert len(read_calls("m:f", Path("stdin"), None, None)) == 2
