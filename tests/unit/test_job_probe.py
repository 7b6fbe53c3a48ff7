"""A user's function is measured alone, in a process of its own: what it is comes out, whatever it does.

Shares are asserted widely: a machine may be busy, and still a sleeper is no holder of the GIL.
"""

from __future__ import annotations

import sys
import textwrap
from pathlib import Path

import psutil
import pytest

from producer.measure import job_probe
from producer.measure.job_probe import probe
from producer.workloads.calls import NONE, Calls
from producer.workloads.job_facts import JobFacts
from tests.helpers import family, running, survivors, until
from worker.errors import TargetError
from worker.settings import PROJECT
from worker.target import Target

#: What users may have written.
MODULE = """
    import asyncio, contextvars, ctypes, decimal, hashlib, itertools, os, random, socket, sys, threading, time

    BIG, NUMBERS, kept = bytes(2**20), [random.random() for _ in range(300_000)], []

    def sleeps():
        time.sleep(0.01)

    def computes():
        for number in range(100_000):
            number * number

    def hashes():
        return hashlib.sha256(BIG).hexdigest()

    def keeps_the_gil():
        return sum(range(3_000_000))

    def waits_with_the_gil():
        ctypes.PyDLL(None).usleep(40_000)

    def sorts():
        return len(sorted(NUMBERS))

    def computes_and_sleeps():
        began = time.thread_time()
        while time.thread_time() - began < 0.01:
            pass
        time.sleep(0.01)

    def leaks_memory():
        kept.append(os.urandom(100_000))

    def leaks_much():
        kept.append(b"x" * 10 * 2**20)

    def leaks_sockets():
        kept.append(socket.socket())

    def leaks_files():
        kept.append(open(os.devnull))

    def leaks_threads():
        threading.Thread(target=time.sleep, args=(1000,), daemon=True).start()

    def prints():
        print("x" * 9)
        sys.stderr.write("y" * 10)

    def prints_much():
        print("x" * 10**6)

    def fails(to=None):
        raise ValueError("nobody")

    def fails_now_and_then():
        if random.random() < 0.5:
            raise ValueError("unlucky")

    def exits():
        sys.exit("enough")

    def cancels():
        raise asyncio.CancelledError

    def ends():
        print("that was it")
        os._exit(3)

    def crashes():
        ctypes.string_at(0)

    def goes_on():
        while True:
            time.sleep(0.01)

    def never_ends():
        sum(itertools.repeat(1))

    def tells_its_process():
        with open("part", "w") as file:
            file.write(str(os.getpid()))
        os.replace("part", "process")
        time.sleep(1000)

    def takes(to, subject="x"):
        return to

    async def awaits(to):
        await asyncio.sleep(0.005)
        return to

    def returns_a_decimal():
        return decimal.Decimal(1)

    def reads():
        return sys.stdin.read() + os.environ.get("CELERY_BROKER_URL", "")
"""


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    """A directory of a user's, with a module."""
    (tmp_path / "shop.py").write_text(textwrap.dedent(MODULE))
    return tmp_path


def measure(
    directory: Path,
    name: str,
    *lines: bytes,
    twin: str = "",
    executable: str = sys.executable,
    job_limit_s: float | None = None,
) -> JobFacts:
    """Measure a function of a module in that directory."""
    target = Target(name, twin, str(directory), str(directory))
    calls = Calls(name, lines or [NONE])
    return probe(calls, target, executable=executable, job_limit_s=job_limit_s)


def test_a_sleeper_waits_and_holds_nothing(shop: Path) -> None:
    facts = measure(shop, "shop:sleeps")
    assert facts.runs >= 3
    assert 0.01 <= facts.service_s <= facts.longest_s
    assert facts.waiting > 0.7
    assert facts.gil
    assert facts.gil_held is not None
    assert facts.gil_held < 0.2
    assert not facts.keeps_gil
    assert facts.growth_runs > 1
    assert facts.growth_per_run_bytes == 0
    assert (facts.sockets_left, facts.files_left, facts.threads_left) == (0, 0, 0)
    assert facts.fork_trouble == ""
    assert (facts.printed_bytes, facts.failed, facts.failure) == (0, 0, None)
    assert (facts.is_async, facts.has_async, facts.is_task, facts.json) == (False, False, False, True)


def test_python_code_holds_the_gil_but_lets_go_of_it(shop: Path) -> None:
    facts = measure(shop, "shop:computes")
    assert facts.waiting < 0.3
    assert facts.cpu_s > 0
    assert facts.gil_held is not None
    assert facts.gil_held > 0.6
    assert not facts.keeps_gil
    assert facts.growth_per_run_bytes == 0


def test_c_code_may_release_the_gil(shop: Path) -> None:
    facts = measure(shop, "shop:hashes")
    assert facts.waiting < 0.3
    assert facts.gil_held is not None
    assert facts.gil_held < 0.5
    assert not facts.keeps_gil


@pytest.mark.parametrize("name", ["keeps_the_gil", "sorts", "waits_with_the_gil"])
def test_c_code_may_keep_the_gil(shop: Path, name: str) -> None:
    facts = measure(shop, f"shop:{name}")
    assert facts.gil_held is not None
    assert facts.gil_held > 0.6
    assert facts.keeps_gil
    assert facts.gil_longest_s is not None
    assert facts.gil_longest_s < 5 * facts.longest_s


def test_half_and_half_is_seen_as_that(shop: Path) -> None:
    facts = measure(shop, "shop:computes_and_sleeps")
    assert 0.2 < facts.waiting < 0.8
    assert facts.gil_held is not None
    assert 0.1 < facts.gil_held < 0.9
    assert not facts.keeps_gil


def test_memory_that_is_kept_is_a_leak(shop: Path) -> None:
    facts = measure(shop, "shop:leaks_memory")
    assert facts.growth_runs == 1000
    assert 50_000 < facts.growth_per_run_bytes < 200_000


def test_a_leak_does_not_take_all_of_the_memory(shop: Path) -> None:
    facts = measure(shop, "shop:leaks_much")
    assert 1 < facts.growth_runs < 100
    assert facts.growth_per_run_bytes > 5 * 2**20


def test_what_is_left_open_is_counted_by_its_kind(shop: Path) -> None:
    sockets = measure(shop, "shop:leaks_sockets")
    assert (sockets.sockets_left, sockets.files_left) == (sockets.growth_runs, 0)
    files = measure(shop, "shop:leaks_files")
    assert (files.sockets_left, files.files_left) == (0, files.growth_runs)
    threads = measure(shop, "shop:leaks_threads")
    assert 0 < threads.threads_left == threads.growth_runs
    assert sockets.failed == files.failed == threads.failed == 0


def test_what_is_printed_is_counted_and_not_kept(shop: Path) -> None:
    facts = measure(shop, "shop:prints")
    assert facts.printed_bytes == 20 * facts.runs
    facts = measure(shop, "shop:prints_much")
    assert facts.printed_bytes == (10**6 + 1) * facts.runs


@pytest.mark.parametrize(
    ("name", "failure"),
    [
        ("fails", "ValueError: nobody (shop:"),
        ("exits", "CallError: the function tried to end its process: sys.exit('enough')"),
        ("cancels", "CallError: the function raised CancelledError"),
    ],
)
def test_a_function_that_always_fails_is_measured_all_the_same(shop: Path, name: str, failure: str) -> None:
    facts = measure(shop, f"shop:{name}", b'{"to": 1}' if name == "fails" else NONE)
    assert facts.failed == facts.runs > 3
    assert facts.failure is not None
    assert facts.failure.startswith(failure)
    assert facts.fork_trouble == ""


def test_a_function_that_fails_by_chance_survives_a_fork(shop: Path) -> None:
    facts = measure(shop, "shop:fails_now_and_then")
    assert 0 < facts.failed < facts.runs
    assert facts.fork_trouble == ""


def test_a_call_that_takes_too_long_is_a_failure(shop: Path) -> None:
    facts = measure(shop, "shop:goes_on", job_limit_s=0.2)
    assert facts.failed == facts.runs >= 3
    assert facts.failure is not None
    assert facts.failure.startswith("TimeLimitError: not done within 0.2 s")


def test_an_async_def_is_run_as_one(shop: Path) -> None:
    facts = measure(shop, "shop:awaits", b'{"to": 1}')
    assert (facts.is_async, facts.has_async, facts.failed) == (True, True, 0)
    facts = measure(shop, "shop:takes", b"[1]", b"[2]", twin="shop:awaits")
    assert (facts.is_async, facts.has_async, facts.failed) == (False, True, 0)


def test_answers_without_json_are_told(shop: Path) -> None:
    assert not measure(shop, "shop:returns_a_decimal").json


def test_a_function_gets_no_input_and_no_settings_of_celerys(
    shop: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CELERY_BROKER_URL", "redis://elsewhere")
    facts = measure(shop, "shop:reads")
    assert (facts.failed, facts.json) == (0, True)


@pytest.mark.parametrize(
    ("name", "line", "text"),
    [
        ("shop:nobody", b"[]", "shop has nothing called 'nobody' (--job shop:nobody)"),
        ("nowhere:nobody", b"[]", "there is no module nowhere (--job nowhere): it was looked for in "),
        (
            "shop:takes",
            b"[]",
            "the first call does not fit shop:takes(to, subject='x') (line 1 of --args, or no arguments): "
            "missing a required argument: 'to'",
        ),
        (
            "shop:takes",
            b'{"to": 1, "from": 2}',
            "the first call does not fit shop:takes(to, subject='x') (line 1 of --args, or no arguments): "
            "got an unexpected keyword argument "
            "'from'",
        ),
        (
            "shop:ends",
            b"[]",
            "shop:ends was to be measured, and at its first call its process ended with exit code 3: "
            "that was it",
        ),
        (
            "shop:crashes",
            b"[]",
            "shop:crashes was to be measured, and at its first call its process was ended by SIGSEGV: "
            "it said nothing",
        ),
    ],
)
def test_what_cannot_be_measured_is_told_in_a_line(shop: Path, name: str, line: bytes, text: str) -> None:
    with pytest.raises(TargetError) as error:
        measure(shop, name, line)
    assert str(error.value).startswith(text)
    assert "\n" not in str(error.value)


def test_the_twin_takes_the_arguments_too(shop: Path) -> None:
    text = r"the first call does not fit its twin shop:awaits\(to\) \(line 1 of --args, or no arguments\)"
    with pytest.raises(TargetError, match=text):
        measure(shop, "shop:takes", b'[1, "x"]', twin="shop:awaits")


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("import sys; sys.exit(2)", "broken cannot be imported (--job): it exits (broken:1)"),
        ("1 / 0", "broken cannot be imported (--job): ZeroDivisionError: division by zero (broken:1)"),
        (
            "import os; os._exit(4)",
            "broken:f was to be measured, and at its import its process ended with exit code 4: "
            "it said nothing",
        ),
        (
            "raise ValueError('one\\ntwo')",
            "broken cannot be imported (--job): ValueError: one\\ntwo (broken:1)",
        ),
    ],
)
def test_an_import_that_fails_is_told_in_a_line(tmp_path: Path, source: str, text: str) -> None:
    (tmp_path / "broken.py").write_text(source)
    with pytest.raises(TargetError) as error:
        measure(tmp_path, "broken:f")
    assert str(error.value) == text


def test_a_module_that_ignores_the_end_of_children_is_measured(shop: Path) -> None:
    (shop / "deaf.py").write_text(
        "import signal\nsignal.signal(signal.SIGCHLD, signal.SIG_IGN)\ndef f(): return 1\n"
    )
    assert measure(shop, "deaf:f").failed == 0


def test_a_function_that_writes_everywhere_is_told_of(shop: Path) -> None:
    (shop / "loud.py").write_text(
        "import contextlib, os\n"
        "def write():\n"
        "    for descriptor in range(3, 50):\n"
        "        with contextlib.suppress(OSError):\n"
        "            os.write(descriptor, b'{\\xff\\n')\n"
    )
    with pytest.raises(TargetError, match=r"loud:write .* its process said what are no facts"):
        measure(shop, "loud:write")


def test_what_nothing_can_interrupt_is_given_up(shop: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # Long enough for a busy machine to start a Python and import the module.
    monkeypatch.setattr(job_probe, "MARGIN_S", 14.5)
    before = set(psutil.Process().children(recursive=True))
    (shop / "endless.py").write_text("while True: pass")
    with pytest.raises(
        TargetError, match="at its import nothing was heard of it for 15 s: nothing can interrupt it"
    ):
        measure(shop, "endless:f", job_limit_s=0.5)
    with pytest.raises(
        TargetError, match="at its first call nothing was heard of it for 15 s: nothing can interrupt it"
    ):
        measure(shop, "shop:never_ends", job_limit_s=0.5)
    assert not [
        process
        for process in set(psutil.Process().children(recursive=True)) - before
        if process.status() != psutil.STATUS_ZOMBIE
    ]


def test_a_python_that_is_not_there_is_told(shop: Path) -> None:
    with pytest.raises(TargetError, match=r"/no/python cannot be started \(--python\): No such file"):
        measure(shop, "shop:sleeps", executable="/no/python")


def test_what_is_measured_ends_with_the_lab(shop: Path) -> None:
    lab = (
        "from producer.measure.job_probe import probe; from producer.workloads.calls import Calls; "
        "from worker.target import Target; name, where = 'shop:tells_its_process', '.'; "
        "probe(Calls(name, [b'[]']), Target(name, '', where, where), job_limit_s=1000)"
    )
    environment = {"PYTHONPATH": str(PROJECT)}
    with running([sys.executable, "-c", lab.replace("'.'", repr(str(shop)))], shop, environment) as process:
        told = shop / "process"
        until(told.exists, "the function is called")
        measured = family(int(told.read_text()))
        process.kill()
        assert survivors(measured) == []


#: Modules that do not survive a fork after their import.
THREAD_AT_IMPORT = """
    from concurrent.futures import ThreadPoolExecutor
    pool = ThreadPoolExecutor(1)
    pool.submit(int).result()

    def f():
        return pool.submit(int).result()
"""
LOCK_AT_IMPORT = """
    import threading, time
    lock, taken = threading.Lock(), threading.Event()

    def hold():
        with lock:
            taken.set()
            time.sleep(0.3)

    threading.Thread(target=hold).start()
    taken.wait()

    def f():
        with lock:
            return 1
"""
PROCESS_AT_IMPORT = """
    import os
    process = os.getpid()

    def f():
        if os.getpid() != process:
            %s
        return 1
"""


@pytest.mark.parametrize("source", [THREAD_AT_IMPORT, LOCK_AT_IMPORT])
def test_a_child_that_hangs_after_a_fork_is_told(tmp_path: Path, source: str) -> None:
    (tmp_path / "pooled.py").write_text(textwrap.dedent(source))
    facts = measure(tmp_path, "pooled:f")
    assert facts.fork_trouble is not None
    assert facts.fork_trouble.startswith("it had not ended after ")
    assert facts.failed == 0


@pytest.mark.parametrize(
    ("does", "trouble"),
    [
        ("os.abort()", "it was ended by SIGABRT"),
        ("os._exit(7)", "it ended with exit code 7"),
        ("raise OSError('not here')", "it failed: OSError: not here (forked:"),
        ("return None", "it returned NoneType, not int"),
    ],
)
def test_a_child_that_ends_otherwise_than_its_parent_is_told(tmp_path: Path, does: str, trouble: str) -> None:
    (tmp_path / "forked.py").write_text(textwrap.dedent(PROCESS_AT_IMPORT % does))
    facts = measure(tmp_path, "forked:f")
    assert facts.fork_trouble is not None
    assert facts.fork_trouble.startswith(trouble)


def test_a_celery_task_is_called_without_its_broker(tmp_path: Path) -> None:
    (tmp_path / "tasks.py").write_text(
        textwrap.dedent("""
            from celery import Celery
            app = Celery(broker="redis://127.0.0.1:1/0", set_as_current=False)

            @app.task(bind=True, autoretry_for=(ValueError,), max_retries=5)
            def send(self, to):
                if to < 0:
                    raise ValueError(to)
                return self.name
        """)
    )
    facts = measure(tmp_path, "tasks:send", b"[1]", b"[-1]")
    assert facts.is_task  # though nobody has used it, and Celery has only promised to make it
    assert facts.failed == facts.runs // 2
    assert facts.failure is not None
    assert facts.failure.startswith("ValueError: -1 (tasks:")
    assert facts.fork_trouble == ""
