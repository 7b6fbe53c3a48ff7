"""A contender under another Python has a name of its own, and is left out with the reason it should be."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from producer.contenders.celery_workers.spawned import SpawnedWorkers
from producer.contenders.spec import Spec
from producer.measure.plan import Plan
from producer.show.facts import describe_python
from producer.stats.cautions import Kind, cautions
from producer.system import uv_commands
from producer.system.environments import prepare
from producer.system.gil import Gil
from producer.system.pythons import Python, distinguish
from tests.made import a_result
from worker.errors import ContenderError, UnavailableError

FREE = Python(
    label="3.13t",
    executable="/somewhere/bin/python",
    python="CPython 3.13.5",
    version=(3, 13),
    free_threaded_build=True,
    gil={"designs": Gil(False, False), "celery": Gil(False, True, "hiredis.hiredis")},
    missing={"gevent": "gevent 26.9 has no build for this Python"},
)


def test_a_contender_is_named_after_its_python_and_started_with_it() -> None:
    spec = Spec("threads", 2, python=FREE)
    assert (str(spec.name), spec.executable) == ("threads@2 [3.13t]", "/somewhere/bin/python")
    assert str(Spec("serial", 1, python=FREE).name) == "serial [3.13t]"


@pytest.mark.parametrize(
    ("way", "reason"),
    [
        ("threads", None),
        ("asyncio", None),
        ("celery:prefork", None),
        ("celery:gevent", "gevent 26.9 has no build for this Python"),
        ("interpreters", "subinterpreter pools came with Python 3.14; this is CPython 3.13.5"),
    ],
)
def test_what_cannot_run_says_why(way: str, reason: str | None) -> None:
    assert Spec(way, 2, python=FREE).unavailable() == reason


def test_without_msgspec_everything_runs_that_ran_with_it() -> None:
    python = replace(FREE, missing={"msgspec": "msgspec has no build for it"})
    assert Spec("celery:solo", 1, python=python).unavailable() is None
    assert Spec("threads", 2, python=python).unavailable() is None


def test_without_kombu_there_is_no_celery_and_everything_else() -> None:
    python = replace(FREE, missing={"kombu": "kombu cannot be installed"})
    assert Spec("celery:solo", 1, python=python).unavailable() == "kombu cannot be installed"
    assert Spec("threads", 2, python=python).unavailable() is None


@pytest.mark.parametrize("way", ["asyncio", "asyncio+threads", "celery:asyncio"])
def test_without_aiofiles_nothing_asynchronous_runs(way: str) -> None:
    python = replace(FREE, missing={"aiofiles": "aiofiles has no build for it"})
    assert Spec(way, 2, python=python).unavailable() == "aiofiles has no build for it"


def test_the_gil_is_that_of_the_imports_a_contender_needs() -> None:
    assert FREE.gil_of("threads") == Gil(False, False)
    assert FREE.gil_of("celery:prefork") == Gil(False, True, "hiredis.hiredis")


def test_an_extension_that_turned_the_gil_on_is_a_warning_of_its_contenders() -> None:
    steady = [1.0, 1.01, 0.99, 1.02, 1.0]
    result = a_result({"threads@2 [3.13t]": steady, "celery:threads@2 [3.13t]": steady})
    [caution] = cautions(replace(result, pythons=[FREE]), result.workloads[0])
    assert (caution.kind, str(caution.contender)) == (Kind.GIL_TURNED_ON, "celery:threads@2 [3.13t]")
    assert "hiredis.hiredis" in caution.text


def test_every_contender_of_a_plan_comes_under_every_python() -> None:
    specs = [Spec("serial", 1), Spec("threads", 2)]
    plan = Plan(
        workloads=[], contenders={"waits": specs}, rounds=1, seed=1, chunk=1, data_root=Path(), out=Path()
    )
    other = replace(FREE, label="3.12")
    names = [str(spec.name) for spec in plan.under([FREE, other]).contenders["waits"]]
    assert names == ["serial [3.13t]", "threads@2 [3.13t]", "serial [3.12]", "threads@2 [3.12]"]
    assert plan.under([]) is plan
    with pytest.raises(UnavailableError, match="external"):
        replace(plan, external=True).under([FREE])


def test_equal_labels_are_told_apart() -> None:
    older = replace(FREE, python="CPython 3.13.1")
    pythons = distinguish([FREE, older, FREE, replace(FREE, label="3.12")])
    assert [python.label for python in pythons] == ["3.13.5t", "3.13.1t", "3.13.5t #2", "3.12"]


def test_two_environments_of_one_version_are_told_apart() -> None:
    shop = replace(FREE, label="shop 3.13t", project="/home/me/shop/.venv")
    till = replace(shop, label="till 3.13t", project="/home/me/till/.venv")
    assert [python.label for python in distinguish([shop, till, FREE])] == [
        *("shop 3.13t", "till 3.13t", "3.13t")
    ]
    older = replace(shop, python="CPython 3.13.1")
    assert [python.label for python in distinguish([shop, older, shop])] == [
        *("shop 3.13.5t", "shop 3.13.1t", "shop 3.13.5t #2")
    ]


OLD = replace(
    FREE,
    label="shop 3.11",
    project="/home/me/shop/.venv",
    packages={"celery": "5.4.0", "kombu": "5.5.4", "redis": "5.0.8"},
)


def test_what_is_too_old_is_named_with_what_to_do() -> None:
    assert OLD.too_old_for("reliable") == (
        "redis 5.0.8 in /home/me/shop/.venv is older than 5.2, the oldest that works with the reliable "
        "transport: upgrade it there, or take --transport stock"
    )
    assert OLD.too_old_for("stock") is None
    assert "celery 5.4.0" in str(Spec("celery:asyncio", 2, python=OLD).unavailable())
    assert Spec("celery:prefork", 2, python=OLD).unavailable() is None
    assert Spec("asyncio", 2, python=OLD).unavailable() is None


def test_versions_are_compared_as_numbers() -> None:
    assert replace(OLD, packages={"kombu": "5.10.1", "redis": "10.0"}).too_old_for("reliable") is None


def test_a_worker_whose_packages_are_too_old_is_not_started() -> None:
    nothing: Any = None
    worker = SpawnedWorkers(Spec("celery:solo", 1, python=OLD), nothing, nothing, Path(), nothing, "reliable")
    with pytest.raises(ContenderError, match=r"redis 5\.0\.8"):
        worker.start()


def test_a_python_with_the_packages_of_a_project_says_so() -> None:
    assert "the packages of /home/me/shop/.venv: celery 5.4.0, kombu 5.5.4, redis 5.0.8" in describe_python(
        OLD
    )
    assert not any("packages of" in line for line in describe_python(FREE))


def test_threads_of_an_older_kombu_are_a_warning() -> None:
    steady = [1.0, 1.01, 0.99, 1.02, 1.0]
    names = ("threads@2 [shop 3.11]", "celery:threads@2 [shop 3.11]", "celery:prefork@2 [shop 3.11]")
    result = a_result(dict.fromkeys(names, steady))
    warned = cautions(replace(result, pythons=[replace(OLD, gil={})]), result.workloads[0])
    assert [(caution.kind, str(caution.contender)) for caution in warned] == [(Kind.OLD_KOMBU, names[1])]
    newer = replace(OLD, gil={}, packages={"kombu": "5.7.0"})
    assert cautions(replace(result, pythons=[newer]), result.workloads[0]) == []


def test_without_uv_the_error_says_what_to_do(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("SIMUL_CACHE", str(tmp_path))
    with pytest.raises(UnavailableError, match="uv is not on the PATH"):
        prepare(["3.13"], lambda _: None)


def test_a_python_that_is_not_there_is_told_with_how_to_see_which_are(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("SIMUL_CACHE", str(tmp_path))
    with pytest.raises(UnavailableError, match=r"no Python 3\.99 .*`uv python list` shows"):
        prepare(["3.99"], lambda _: None)


@pytest.mark.parametrize(
    ("stderr", "reason"),
    [
        (
            "error: No solution found\n  cause: Because msgspec==0.22.0 has no usable\n wheels and",
            "msgspec 0.22.0 has no build for this Python",
        ),
        (
            "Because greenlet==3.5.1 has no usable wheels and msgspec depends on greenlet",
            "msgspec 0.1 needs greenlet 3.5.1, which has no build for this Python",
        ),
        ("error: the index is away\n", "msgspec 0.1 cannot be installed (uv): the index is away"),
    ],
)
def test_why_a_package_is_missing(monkeypatch: pytest.MonkeyPatch, stderr: str, reason: str) -> None:
    monkeypatch.setattr(uv_commands, "version_here", lambda _: "0.1")
    assert uv_commands.why_missing("msgspec", stderr) == reason
