"""Files are judged right, alike by both twins, and no file or name does any harm."""

from __future__ import annotations

import asyncio
import codecs
import os
import socket
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from worker.answers import FileVerdict
from worker.file_check import MAX_BYTES, MAX_DIGITS, MalformedError, Sums, check, check_async, parse
from worker.jobs import FileCheck

GOOD = b"# data 001\n8, 8, 3\n19\n"
NINES = b"9" * MAX_DIGITS


def both(root: Path, *names: str) -> tuple[FileVerdict, ...]:
    """The verdicts, after a look that both twins agree on them."""
    answer = check(FileCheck(names), root)
    assert asyncio.run(check_async(FileCheck(names), root)) == answer
    return answer.verdicts


def reason(root: Path, name: str) -> str:
    """Why the one file is malformed."""
    [verdict] = both(root, name)
    assert (verdict.file, verdict.verdict) == (name, "malformed")
    assert verdict.reason is not None
    assert str(root) not in verdict.reason
    return verdict.reason


def reason_of(data: bytes) -> str:
    """Why this content is malformed."""
    with pytest.raises(MalformedError) as caught:
        parse(data)
    return str(caught.value)


@pytest.mark.parametrize(
    "content",
    [
        GOOD,
        GOOD.rstrip(),
        GOOD.replace(b"\n", b"\r\n"),
        codecs.BOM_UTF8 + GOOD,
        codecs.BOM_UTF8 + GOOD.replace(b"\n", b"\r\n"),
        b"#1\n19\n19",
        "# données 7\n8,8 ,\t3\n 19 \n".encode(),
        b"# data 001\n-8, +8\n0\n",
        b"# data 1\n" + NINES + b"\n" + NINES,
    ],
)
def test_a_right_sum_is_correct(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_bytes(content)
    assert both(tmp_path, "a.txt") == (FileVerdict("a.txt", "correct"),)


def test_a_wrong_sum_is_answered_with_the_expected_and_the_found_one(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_bytes(GOOD.replace(b"19", b"20"))
    assert both(tmp_path, "a.txt") == (FileVerdict("a.txt", "wrong", expected=19, found=20),)


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "empty"),
        (b"# data 001\n", "truncated: 1 of 3 lines"),
        (b"# data 001\n8, 8, 3\n", "truncated: 2 of 3 lines"),
        (b"# data 001\n8, 8, 3\n\n", "not a number in line 3: ''"),
        (GOOD + b"\n", "too long: 4 of 3 lines"),
        (b"data 001\n8\n8\n", "no comment with a number in line 1: 'data 001'"),
        (b"# data\n8\n8\n", "no comment with a number in line 1: '# data'"),
        (b"# data 1\n8, eight\n16\n", "not a number in line 2: ' eight'"),
        (b"# data 1\n8, 8,\n16\n", "not a number in line 2: ''"),
        (b"# data 1\n1_000\n1000\n", "not a number in line 2: '1_000'"),
        ("# data 1\n٣\n3\n".encode(), r"not a number in line 2: '\u0663'"),
        (b"# data 1\n8\n8.0\n", "not a number in line 3: '8.0'"),
        (b"# donn\xe9es 1\n8\n8\n", "not UTF-8 (byte 6)"),
        (codecs.BOM_UTF8, "truncated: 1 of 3 lines"),
        (codecs.BOM_UTF8 * 2 + GOOD, r"no comment with a number in line 1: '\ufeff# data 001'"),
        (codecs.BOM_UTF8 + b"# donn\xe9es 1\n8\n8\n", "not UTF-8 (byte 9)"),
        ("\ufeff# data 1\n8\n8\n".encode("utf-16-le"), "not UTF-8 (byte 0)"),
        (b"# data 1\n9" + NINES + b"\n1\n", "a number of more than 4,300 digits in line 2"),
        (b"# data 1\n1\n-9" + NINES + b"\n", "a number of more than 4,300 digits in line 3"),
        (b"# data 1\n" + NINES + b", 1\n1\n", "a sum of more than 4,300 digits"),
        (b"# data 1\n8" + b" " * MAX_BYTES + b"\n8\n", "larger than 1,048,576 bytes"),
    ],
)
def test_a_malformed_file_is_answered_with_the_reason(content: bytes, why: str, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_bytes(content)
    assert reason(tmp_path, "a.txt") == why


def test_a_file_of_exactly_the_largest_size_is_read(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_bytes(GOOD.replace(b"8, ", b"8," + b" " * (MAX_BYTES - len(GOOD) + 1), 1))
    assert (tmp_path / "a.txt").stat().st_size == MAX_BYTES
    assert both(tmp_path, "a.txt")[0].verdict == "correct"


def test_a_file_that_is_much_larger_is_not_read_to_its_end(tmp_path: Path) -> None:
    with (tmp_path / "a.txt").open("wb") as file:
        file.write(GOOD)
        file.truncate(2**40)  # sparse: a terabyte that takes no room
    assert reason(tmp_path, "a.txt") == "larger than 1,048,576 bytes"


@pytest.mark.skipif(not Path("/proc/self/mounts").exists(), reason="needs /proc")
def test_a_file_is_read_however_small_the_system_says_it_is() -> None:
    mounts = Path("/proc/self/mounts")
    assert mounts.stat().st_size == 0
    assert check(FileCheck((mounts.name,)), mounts.parent).verdicts[0].reason == reason_of(
        mounts.read_bytes()
    )


def test_nothing_but_a_regular_file_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "directory").mkdir()
    (tmp_path / "link").symlink_to("directory")
    os.mkfifo(tmp_path / "fifo")  # to open it as usual would block this test for good
    monkeypatch.chdir(tmp_path)  # the path of a socket is short
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind("socket")
    for name in ("directory", "fifo", "socket", "link", "", ".", "directory/"):
        assert reason(tmp_path, name) == "not a regular file"


def test_a_device_is_not_read(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to("/dev/zero")
    assert reason(tmp_path, "link") == "refused: the path leads out of the data root"
    assert reason(Path("/dev"), "zero") == "not a regular file"


def test_what_cannot_be_found_or_looked_at_is_malformed(tmp_path: Path) -> None:
    (tmp_path / "loop").symlink_to("loop")
    assert reason(tmp_path, "missing") == "no such file or directory"
    assert reason(tmp_path, "x" * 300) == "file name too long"
    assert "symbolic links" in reason(tmp_path, "loop")
    assert reason(tmp_path / "no root", "a.txt") == "no such file or directory"


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may read anything")
def test_a_file_that_may_not_be_read_is_malformed(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_bytes(GOOD)
    (tmp_path / "a.txt").chmod(0)
    assert reason(tmp_path, "a.txt") == "permission denied"


def test_a_name_that_leaves_the_data_root_is_refused(tmp_path: Path) -> None:
    root, outside = tmp_path / "root", tmp_path / "outside.txt"
    root.mkdir()
    outside.write_bytes(GOOD)
    (root / "inside.txt").write_bytes(GOOD)
    (root / "link.txt").symlink_to(outside)
    (root / "up").symlink_to(tmp_path, target_is_directory=True)
    names = ["../outside.txt", "x/../../outside.txt", str(outside), str(root / "inside.txt"), "link.txt"]
    for name in [*names, "up/outside.txt", "inside.txt\0", "../root2"]:
        assert reason(root, name).startswith("refused: ")


def test_links_and_directories_within_the_data_root_are_followed(tmp_path: Path) -> None:
    (tmp_path / "real" / "deep").mkdir(parents=True)
    (tmp_path / "real" / "deep" / "a.txt").write_bytes(GOOD)
    (tmp_path / "link.txt").symlink_to("real/deep/a.txt")
    (tmp_path / "root").symlink_to("real", target_is_directory=True)
    assert [verdict.verdict for verdict in both(tmp_path, "link.txt", "real/deep/a.txt")] == ["correct"] * 2
    assert both(tmp_path / "root", "deep/a.txt")[0].verdict == "correct"


def test_one_bad_file_does_not_take_the_others_down(tmp_path: Path) -> None:
    for name in ("a.txt", "c.txt"):
        (tmp_path / name).write_bytes(GOOD)
    verdicts = both(tmp_path, "a.txt", "missing", "../b.txt", "c.txt", "a.txt")
    assert [verdict.verdict == "correct" for verdict in verdicts] == [True, False, False, True, True]


@given(st.integers(), st.lists(st.integers(), min_size=1), st.integers(), st.sampled_from(["\n", "\r\n"]))
def test_the_parser_reads_what_was_written(number: int, summands: list[int], stated: int, end: str) -> None:
    text = end.join([f"# data {number}", ", ".join(map(str, summands)), str(stated), ""])
    assert parse(text.encode()) == Sums(sum(summands), stated)


@given(st.binary() | st.text(alphabet="#0123456789,-+ \r\n\t").map(str.encode))
def test_the_parser_takes_any_bytes(data: bytes) -> None:
    try:
        sums = parse(data)
    except MalformedError:
        return
    assert data.count(b"\n") in (2, 3)
    assert isinstance(sums.expected, int)
