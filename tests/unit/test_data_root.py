"""Nobody is led out of the data root, however the links lie, and whoever swaps them meanwhile."""

from __future__ import annotations

import builtins
import itertools
import os
import subprocess
import sys
import textwrap
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from producer.system.garbage import collector_off
from worker.data_root import MAX_LINKS, RefusedError, open_below
from worker.file_check import check, read
from worker.jobs import FileCheck
from worker.settings import PROJECT

SECRET = b"# outside 1\n1\n2\n"
INSIDE = b"# inside 1\n1\n1\n"
LEADS_OUT = "refused: the path leads out of the data root"
#: Calls that a check of one file makes at the most.
STEPS = 20


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A data root with a file, a directory with a file, and a secret beside it."""
    root = tmp_path / "data"
    (root / "deep" / "er").mkdir(parents=True)
    (tmp_path / "outside").mkdir()
    for path in (tmp_path / "a.txt", tmp_path / "outside" / "a.txt"):
        path.write_bytes(SECRET)
    for path in (root / "a.txt", root / "deep" / "a.txt"):
        path.write_bytes(INSIDE)
    return root


@pytest.mark.parametrize(
    "target",
    [
        "deep/a.txt",
        "./deep//a.txt",
        "deep/er/../a.txt",
        "deep/../a.txt",
        "again",
        "{root}/deep/a.txt",
        "{link}/a.txt",
    ],
)
def test_a_link_is_followed_where_it_stays_inside(root: Path, target: str) -> None:
    (root / "again").symlink_to("deep/a.txt")
    (root.parent / "link").symlink_to(root, target_is_directory=True)
    link = root.parent / "link"
    (root / "link").symlink_to(target.format(root=root, link=link))
    (root / "deep" / "er" / "link").symlink_to("../../link")
    for name in ("link", "deep/er/link"):
        assert read(name, link) == INSIDE


@pytest.mark.parametrize(
    "target",
    ["../a.txt", "deep/../../a.txt", "{outside}/a.txt", "up/a.txt", "{root}/../a.txt", "{root}2/a.txt"],
)
def test_a_link_is_not_followed_where_it_leads_out(root: Path, target: str) -> None:
    (root / "up").symlink_to("..", target_is_directory=True)
    (root / "link").symlink_to(target.format(root=root, outside=root.parent / "outside"))
    for name in ("link", "./link"):
        with pytest.raises(RefusedError, match=LEADS_OUT):
            open_below(root, name)
    # Also when it comes back in by the root's name: that is the name of whatever is there by then.
    (root / "back").symlink_to("../data/a.txt")
    with pytest.raises(RefusedError, match=LEADS_OUT):
        open_below(root, "back")


def test_up_from_a_linked_directory_leads_to_where_that_is(root: Path) -> None:
    (root / "far").symlink_to("deep/er", target_is_directory=True)
    (root / "link").symlink_to("far/../a.txt")
    (root / "a.txt").write_bytes(b"not this one")
    assert read("link", root) == (root / "link").read_bytes() == INSIDE


def test_links_end_somewhere_or_are_refused(root: Path) -> None:
    for number in range(MAX_LINKS + 1):
        (root / f"link{number}").symlink_to(f"link{number - 1}" if number else "a.txt")
    assert read(f"link{MAX_LINKS - 1}", root) == INSIDE
    with pytest.raises(OSError, match="symbolic links"):
        open_below(root, f"link{MAX_LINKS}")


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="needs /proc")
def test_no_descriptor_is_left_open(root: Path) -> None:
    (root / "link").symlink_to("deep/er/../../deep/a.txt")
    (root / "absolute").symlink_to(root / "deep" / "a.txt")
    (root / "out").symlink_to("deep/er/../../../a.txt")
    before = sorted(os.listdir("/proc/self/fd"))  # noqa: PTH208 - names only
    check(FileCheck(("a.txt", "link", "absolute", "out", "deep", "deep/a.txt/b", "none", "deep/none")), root)
    assert sorted(os.listdir("/proc/self/fd")) == before  # noqa: PTH208


def test_a_job_with_many_files_runs_out_of_no_descriptors_under_gevent(root: Path) -> None:
    program = f"""
        from gevent import monkey, spawn
        monkey.patch_all()
        import resource
        from pathlib import Path
        from worker.file_check import check
        from worker.jobs import FileCheck

        resource.setrlimit(resource.RLIMIT_NOFILE, (100, 100))
        job = spawn(check, FileCheck(("deep/a.txt",) * 1000), Path({str(root)!r}))
        job.join()
        print({{verdict.reason for verdict in job.get().verdicts}})
    """
    ended = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(program)], cwd=PROJECT, capture_output=True, text=True
    )
    assert "too many open files" not in ended.stdout
    assert (ended.stderr, ended.returncode) == ("", 0)


@pytest.mark.skipif(not hasattr(os, "O_PATH"), reason="cannot tell searching from listing")
@pytest.mark.skipif(os.geteuid() == 0, reason="root may list anything")
def test_a_directory_that_may_only_be_searched_is(root: Path) -> None:
    root.chmod(0o100)
    try:
        assert read("a.txt", root) == INSIDE
    finally:
        root.chmod(0o700)


def swap_the_file(root: Path) -> None:
    """Put a link to the secret in the place of the file."""
    (root / "new").symlink_to(root.parent / "a.txt")
    (root / "new").replace(root / "deep" / "a.txt")


def swap_the_directory(root: Path) -> None:
    """Put a link to the outside in the place of the directory."""
    (root / "deep").replace(root / "old")
    (root / "deep").symlink_to(root.parent / "outside")


def swap_the_link(root: Path) -> None:
    """Let the link lead out."""
    (root / "new").symlink_to("../a.txt")
    (root / "new").replace(root / "link")


@contextmanager
def before_step(number: int, act: Callable[[], None]) -> Iterator[Callable[[], int]]:
    """Act once, before this call of those that look at or open a file; yields how many calls there were.

    Of this thread alone, and without the garbage collector: another thread, or what it finalizes (directories
    that other tests have left), looks at files of its own.
    """
    calls = itertools.count()
    thread = threading.get_ident()
    made = 0

    def stepping(real: Callable[..., Any]) -> Callable[..., Any]:
        def step(*arguments: Any, **options: Any) -> Any:
            nonlocal made
            if threading.get_ident() == thread:
                made = next(calls)
                if made == number:
                    act()
            return real(*arguments, **options)

        return step

    with collector_off(), pytest.MonkeyPatch.context() as patch:
        patch.setattr(builtins, "open", stepping(open))
        for name in ("open", "stat", "lstat", "fstat", "readlink"):
            patch.setattr(os, name, stepping(getattr(os, name)))
        yield lambda: made + 1


@pytest.mark.parametrize("name", ["deep/a.txt", "link"])
@pytest.mark.parametrize("swap", [swap_the_file, swap_the_directory, swap_the_link])
@pytest.mark.parametrize("step", range(STEPS))
def test_a_swap_between_any_two_steps_leads_nobody_out(
    root: Path, step: int, swap: Callable[[Path], None], name: str
) -> None:
    (root / "link").symlink_to("deep/a.txt")
    with before_step(step, lambda: swap(root)) as made:
        [verdict] = check(FileCheck((name,)), root).verdicts
    assert made() < STEPS
    assert verdict.verdict == "correct" or (verdict.reason or "").startswith("refused: ")


def test_whoever_swaps_a_link_all_the_time_leads_nobody_out(root: Path) -> None:
    (root / "good").symlink_to("a.txt")
    (root / "bad").symlink_to("../a.txt")
    (root / "link").symlink_to("a.txt")
    ended = threading.Event()

    def swap() -> None:
        for target in itertools.cycle(("../a.txt", "a.txt")):
            if ended.is_set():
                return
            (root / "new").symlink_to(target)
            (root / "new").replace(root / "link")

    swapping = threading.Thread(target=swap)
    swapping.start()
    try:
        seen = {check(FileCheck(("link",)), root).verdicts[0].verdict for _ in range(3_000)}
    finally:
        ended.set()
        swapping.join()
    assert seen <= {"correct", "malformed"}  # what is outside would be "wrong"
