"""Whatever lies in the place of a result is shown, or refused in one line; nothing is read without end."""

from __future__ import annotations

import copy
import gzip
import json
import os
from collections.abc import Callable
from importlib import import_module
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.console import Console

from producer.contender_name import ContenderName
from producer.ranges import MAX_CONTENDERS
from producer.results import ExpectedSpeed, Prediction, Result, load
from producer.results.encode import encode, to_plain
from producer.show.export import export
from producer.show.report import files
from producer.show.terminal.diff import show_diff
from producer.show.terminal.sweep import show_sweep
from producer.show.terminal.tables import print_result
from producer.stats.diff import compare
from tests.charted import compared, one_after_the_other, placed
from tests.made import left_out, result, run, workload
from tests.unit.test_load_stats import offered_run, steady
from worker.errors import ResultError


def comparison() -> Result:
    """Three contenders, five rounds, a run that failed."""
    made, _ = compared(
        *one_after_the_other("serial", 4.0),
        *one_after_the_other("threads@2", 1.0),
        *one_after_the_other("celery:gevent@100 [3.13]", 2.0),
        placed([(1, 0.0, 0.0, 1.0)] * 4, "celery:solo", problems=["it died"]),
    )
    made.workloads[0].contenders.append(left_out("interpreters@2", "no 3.14"))
    name = ContenderName.parse("threads@2")
    made.predictions = [Prediction("waits", name, 3.0, [ExpectedSpeed(name, 2.0)])]
    return made


def computed() -> Result:
    """Threads and processes whose CPU times are known, and a loop that stood still."""
    turns = [(1, 0.0, 0.0, 2.0), (1, 0.0, 0.0, 2.0), (1, 0.0, 2.0, 4.0), (1, 0.0, 2.0, 4.0)]
    apart = [(1, 0.0, 0.0, 1.0), (2, 0.0, 0.0, 1.0), (1, 0.0, 1.0, 2.0), (2, 0.0, 1.0, 2.0)]
    made, _ = compared(
        placed(turns, "threads@2", shares=[0.5] * 4, gil=True),
        placed(apart, "processes@2", shares=[1.0] * 4, gil=True),
        placed(turns, "asyncio@2", stalls=[(0.5, 1.5), (2.5, 0.25)]),
        wait_s=0.0,
        work_s=1.0,
    )
    return made


def sweep() -> Result:
    """A way at six concurrencies, five rounds each."""
    runs = [
        run(f"threads@{slots}", 400 // slots + slots + round_, slots=slots, round=round_)
        for slots in (1, 2, 4, 8, 16, 32)
        for round_ in range(1, 6)
    ]
    return result(runs, kind="sweep")


def arrived() -> Result:
    """Two contenders at two offered rates, and a run that failed."""
    made, _ = compared(
        *(
            offered_run(steady(rate, growth=growth), rate, contender=name, problems=problems)
            for rate, growth in ((1.0, 0.0), (2.0, 0.4))
            for name, problems in (("celery:threads@2", ()), ("huey@2", ("it died",) if rate > 1 else ()))
        )
    )
    made.kind = "load"
    return made


PLAIN: list[Any] = [to_plain(made) for made in (comparison(), sweep(), computed(), arrived())]


def everything(path: Path) -> None:
    """All that is ever made of a result, as the commands make it."""
    loaded = load(path)
    print_result(Console(file=StringIO(), width=160), loaded)
    for workload_ in loaded.workloads if loaded.kind != "load" else ():
        show_sweep(loaded, workload_)
    for how in ("json", "csv", "markdown"):
        export(loaded, how)
    shown = files.load([path, path])
    files.write(shown, path.with_suffix(".html"))
    files.write_static(shown, path.with_suffix(".charts"), png=False)
    if loaded.kind == "load":
        return
    for old, new in ((comparison(), loaded), (loaded, comparison()), (loaded, loaded)):
        try:
            show_diff("two", compare(old, new, "new", force=True), 1.1)
        except ResultError as error:
            assert "(diff)" in str(error)  # noqa: PT017 - they have nothing in common, which is an answer


def refusal(path: Path, data: bytes | None = None) -> str:
    """The one line that is said of this file."""
    if data is not None:
        path.write_bytes(data)
    with pytest.raises(ResultError) as caught:
        everything(path)
    line = str(caught.value)
    assert str(path) in line
    assert "(load)" in line
    assert "\n" not in line
    assert len(line) < len(str(path)) + 300
    return line.replace(f"{path} is no result of simul (load): ", "")


def test_what_is_whole_is_shown(tmp_path: Path) -> None:
    for plain in PLAIN:
        (tmp_path / "a.json").write_text(json.dumps(plain))
        everything(tmp_path / "a.json")


NUMBERS = (
    st.sampled_from(
        [0, -1, 1, 2, 10**6, 10**9, 10**12, 2**31, 2**53, 2**63 - 1, 2**63, 2**64, -(2**63), 10**40]
    )
    | st.sampled_from([0.0, -0.0, 1e-300, 1e-9, 0.5, 1e6, 1e18, 1e300, -1e300, 5e-324])
    | st.integers(-3, 40)
)
TEXTS = st.sampled_from(
    ["", "waits", "files", "serial", "threads@0", "a@b [c]", "\n\x1b[31m", "x" * 2000, "yesterday"]
)
VALUES = (
    NUMBERS | TEXTS | st.none() | st.booleans() | st.lists(NUMBERS, max_size=5)
    | st.dictionaries(TEXTS, NUMBERS | TEXTS, max_size=3)
)  # fmt: skip


@st.composite
def mutants(draw: st.DrawFn) -> Any:
    """A result of which a few things are not what they were."""
    plain = copy.deepcopy(draw(st.sampled_from(PLAIN)))
    for _ in range(draw(st.integers(1, 4))):
        within, key = _somewhere(draw, plain)
        change = draw(st.sampled_from(["set", "set", "set", "nudge", "remove", "repeat", "swap"]))
        old = within[key]
        if change == "remove":
            del within[key]
        elif change == "repeat" and isinstance(within, list):
            within.insert(key, copy.deepcopy(old))
        elif change == "swap" and isinstance(within, list):
            within[key], within[0] = within[0], old
        elif change == "nudge" and isinstance(old, int | float):
            within[key] = draw(st.sampled_from([old + 1, old - 1, -old, old * 1000, old * 10**9, float(old)]))
        else:
            within[key] = draw(VALUES)
    return plain


def _somewhere(draw: st.DrawFn, plain: Any) -> tuple[Any, Any]:
    """A container in the tree, and one of its keys."""
    while True:
        key = draw(st.sampled_from(sorted(plain) if isinstance(plain, dict) else range(len(plain))))
        below = plain[key]
        if not below or not isinstance(below, dict | list) or not draw(st.integers(0, 9)):
            return plain, key
        plain = below


@pytest.mark.untraced
@given(mutants())
@settings(deadline=None, max_examples=150)
def test_a_result_that_is_not_what_it_was_is_shown_or_refused(
    tmp_path_factory: pytest.TempPathFactory, mutant: Any
) -> None:
    path = tmp_path_factory.mktemp("mutant") / "a.json"
    path.write_text(json.dumps(mutant))
    try:
        everything(path)
    except ResultError as error:
        assert len(str(error).splitlines()) == 1  # noqa: PT017 - to be shown would do as well


def changed(change: Callable[[Any], object], base: int = 0) -> bytes:
    """A good result with this changed."""
    plain = copy.deepcopy(PLAIN[base])
    change(plain)
    return json.dumps(plain).encode()


def emptied(plain: Any) -> None:
    """The same, without a single record."""
    for run_ in plain["runs"]:
        run_["records"] = {name: [] for name in run_["records"]}


def in_run(**values: Any) -> Callable[[Any], object]:
    """The first run with these values."""
    return lambda plain: plain["runs"][0].update(values)


def in_records(**columns: list[int]) -> Callable[[Any], object]:
    """The first run's records with these columns."""
    return lambda plain: plain["runs"][0]["records"].update(columns)


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (in_run(slots=0), "Expected `int` >= 1 - at `$.runs[0].slots`"),
        (in_run(jobs=0), "Expected `int` >= 1 - at `$.runs[0].jobs`"),
        (in_run(round=0), "Expected `int` >= 1 - at `$.runs[0].round`"),
        (in_run(jobs=3), "run 0: it has not the jobs of its workload"),
        (in_run(workload="files"), "run 0 is of a workload that is not there"),
        (in_run(workers=[]), "run 0: a worker is not there"),
        (in_run(belongs=[0] * 9), "run 0: not each of its processes belongs to a worker"),
        (in_run(belongs=[-1]), "Expected `int` >= 0 - at `$.runs[0].belongs[0]`"),
        (lambda r: r.update(axis="x"), "Invalid enum value 'x' - at `$.axis`"),
        (in_run(cpu_s=-1.0), "Expected `float` >= 0.0 - at `$.runs[0].cpu_s`"),
        (in_records(index=[0, 1, 2, 2]), "run 0: its records are not of its jobs"),
        (in_records(index=[0, 1, 2, 4]), "run 0: its records are not of its jobs"),
        (in_records(worker=[0, 0, 0, 1]), "run 0: a worker is not there"),
        (in_records(worker=[0]), "run 0: its columns differ in length"),
        (in_records(finished_us=[-1] * 4), "Expected `int` >= 0 - at `$.runs[0].records.finished_us[0]`"),
        (in_records(cpu_us=[1]), "run 0: not each of its jobs has a CPU time"),
        (in_records(cpu_us=[-2] * 4), "Expected `int` >= -1 - at `$.runs[0].records.cpu_us[0]`"),
        (in_records(cpu_us=[1, 1, 1, 10**11]), "run 0: a job ran for longer than it took"),
        (
            in_run(loop_stalls=[{"at_us": 1, "length_us": 10**11}]),
            "run 0: its event loop stood still when it was over",
        ),
        (
            in_run(loop_stalls=[{"at_us": 0, "length_us": 0}] * 101),
            "Expected `array` of length <= 100 - at `$.runs[0].loop_stalls`",
        ),
        (in_records(received_us=[-(10**12)] * 4), "run 0: it took no time"),
        (
            in_records(finished_us=[10**30] * 4),
            "Expected `int` <= 1000000000000 - at `$.runs[0].records.finished_us[0]`",
        ),
        (emptied, "run 0: it is called valid, and records are missing or wrong"),
        (in_run(wrong=1), "run 0: it is called valid, and records are missing or wrong"),
        (in_run(errors={"0": "why"}), "run 0: it is called valid, and records are missing or wrong"),
        (in_run(errors={"4": "why"}, problems=["p"]), "run 0: its errors are not of its jobs"),
        (
            in_run(errors={"0": "why"}, wrong=4, problems=["p"]),
            "run 0: more of its jobs failed or are wrong than it has",
        ),
        (
            lambda r: r["runs"][0].update(contender={"way": "threads@8"}),
            "run 0: its contender's name would be read as another's",
        ),
        (lambda r: r["runs"].append(r["runs"][0]), "a contender has two runs in one round"),
        (
            lambda r: r["workloads"][0]["contenders"].append({"name": {"way": "threads@8"}}),
            "workload 0: a contender's name would be read as another's",
        ),
        (
            lambda r: r["workloads"][0]["contenders"].append({"name": {"way": "serial"}}),
            "workload 0: two contenders have one name",
        ),
        (lambda r: r["machine"].update(cores=0), "Expected `int` >= 1 - at `$.machine.cores`"),
        (
            lambda r: r["machine"].update(core_limit=0),
            "Expected `float` >= 0.001 - at `$.machine.core_limit`",
        ),
        (lambda r: r.update(workloads=[]), "run 0 is of a workload that is not there"),
        (lambda r: r["workloads"].append(r["workloads"][0]), "two workloads have one name"),
        (
            lambda r: r["workloads"][0]["reference"].update(waits_s=[]),
            "workload 0: its reference is not one of so many jobs",
        ),
        (
            lambda r: r["predictions"].append(r["predictions"][0]),
            "a workload is predicted twice",
        ),
        (
            lambda r: r["predictions"][0].update(workload="files"),
            "a workload is predicted that is not there",
        ),
        (
            lambda r: r["predictions"][0].update(fastest={"way": "threads@8"}),
            "a predicted contender's name would be read as another's",
        ),
        (
            lambda r: r["predictions"][0]["speeds"].append(r["predictions"][0]["speeds"][0]),
            "a contender's speed is predicted twice",
        ),
        (
            lambda r: r["predictions"][0].update(times=0),
            "Expected `float` >= 0.001 - at `$.predictions[0].times`",
        ),
        (
            lambda r: r["predictions"][0].update(speeds=r["predictions"][0]["speeds"] * 101),
            "Expected `array` of length <= 100 - at `$.predictions[0].speeds`",
        ),
        (
            lambda r: r["predictions"][0].update(workload="w" * 301),
            "Expected `str` of length <= 300 - at `$.predictions[0].workload`",
        ),
        (lambda r: r.update(kind="x" * 10**6), "Invalid enum value '" + "x" * 180),
    ],
)
def test_what_no_comparison_leaves_is_refused_with_the_reason(
    tmp_path: Path, change: Callable[[Any], object], why: str
) -> None:
    assert refusal(tmp_path / "a.json", changed(change)) == why


MANY = [{"way": "threads", "slots": slots} for slots in range(1, MAX_CONTENDERS + 2)]


def with_many_runs(plain: Any) -> None:
    """Each of many contenders ran."""
    plain["runs"] = [{**plain["runs"][0], "contender": name} for name in MANY]


def with_many_left_out(plain: Any) -> None:
    """None of many contenders ran."""
    plain["workloads"][0]["contenders"] = [{"name": name, "left_out": "no"} for name in MANY]


@pytest.mark.parametrize("multiplied", [with_many_runs, with_many_left_out])
def test_more_contenders_than_anybody_compares_are_refused(
    tmp_path: Path, multiplied: Callable[[Any], object]
) -> None:
    assert refusal(tmp_path / "a.json", changed(multiplied)) == "a workload has more than 1000 contenders"


def test_text_that_is_not_utf_8_is_refused(tmp_path: Path) -> None:
    data = changed(lambda plain: plain.update(broker="here")).replace(b'"here"', b'"\xff"')
    assert "can't decode byte 0xff" in refusal(tmp_path / "a.json", data)


def test_a_name_longer_than_any_is_refused_at_once(tmp_path: Path) -> None:
    way = "x" + "/a=b" * 10**5
    why = refusal(tmp_path / "a.json", changed(lambda r: r["runs"][0].update(contender={"way": way})))
    assert why == "run 0: its contender's name would be read as another's"


@pytest.mark.parametrize("closed", [b"", b"]" * 10**6 + b"}"])
def test_deep_nesting_is_refused_also_where_nobody_looks(tmp_path: Path, closed: bytes) -> None:
    assert (
        refusal(tmp_path / "a.json", b'{"schema":1,"x":' + b"[" * 10**6 + closed) == "it is nested too deeply"
    )


@pytest.mark.parametrize(
    "number", [b"NaN", b"Infinity", b"-Infinity", b"1e999", b"9" * 10**6, b"-1", b'"1"', b"null"]
)
def test_what_is_no_number_is_refused(tmp_path: Path, number: bytes) -> None:
    for name in ("load_after", "rounds"):
        data = changed(lambda plain, name=name: plain.update({name: "here"}))  # type: ignore[misc]
        refusal(tmp_path / "a.json", data.replace(b'"here"', number))


@pytest.fixture
def limit_mib(monkeypatch: pytest.MonkeyPatch) -> int:
    """A limit that a test reaches sooner."""
    monkeypatch.setattr(import_module("producer.results.load"), "MAX_MIB", 2)
    return 2


def test_no_more_is_unpacked_than_a_result_can_hold(
    tmp_path: Path, limit_mib: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[int] = []

    def read(file: gzip.GzipFile, size: int) -> bytes:
        asked.append(size)
        return reading(file, size)

    reading = gzip.GzipFile.read
    monkeypatch.setattr(gzip.GzipFile, "read", read)
    packed = gzip.compress(b" " * 2**20, mtime=0) * (limit_mib + 1)  # 4 MiB of this would be 4 GB
    assert refusal(tmp_path / "a.json.gz", packed) == f"it unpacks to more than {limit_mib} MiB"
    assert asked == [limit_mib * 2**20 + 1]


def test_no_more_is_read_than_a_result_can_hold(tmp_path: Path, limit_mib: int) -> None:
    for name in ("a.json", "a.json.gz"):
        with (tmp_path / name).open("wb") as file:
            file.truncate(2**40)  # sparse: a terabyte that takes no room
        assert refusal(tmp_path / name).endswith(f"cannot be read (load): it is larger than {limit_mib} MiB")


def test_members_are_many_whole_and_nothing_else(tmp_path: Path) -> None:
    data = changed(lambda _: None)
    third = len(data) // 3
    members = [gzip.compress(part, mtime=0) for part in (data[:third], b"", data[third:])]
    (tmp_path / "a.json.gz").write_bytes(b"".join(members))
    assert load(tmp_path / "a.json.gz") == comparison()
    refusal(tmp_path / "a.json.gz", b"".join([*members, gzip.compress(b"{}")]))
    refusal(tmp_path / "a.json.gz", b"".join(members)[:-4])
    refusal(tmp_path / "a.json.gz", b"".join([*members, b"rubbish"]))


def test_what_is_no_file_is_not_read(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo.json")  # to open it as usual would block this test for good
    (tmp_path / "fifo.json.gz").symlink_to("fifo.json")
    for path in (
        tmp_path / "fifo.json",
        tmp_path / "fifo.json.gz",
        tmp_path,
        Path("/dev/zero"),
        Path("/dev/null"),
    ):
        assert refusal(path).endswith("cannot be read (load): not a regular file")
    assert "No such file" in refusal(tmp_path / ("x" * 10))
    assert "File name too long" in refusal(tmp_path / ("x" * 300))


def test_a_workload_that_nobody_did_is_shown(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_bytes(encode(result([], [workload(), workload(name="files")])))
    everything(tmp_path / "a.json")
