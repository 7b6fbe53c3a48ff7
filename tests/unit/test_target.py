"""A user's function is found as Python finds it, and what cannot be found is told in one line."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from producer.measure.plan import Plan
from producer.workloads import build
from tests.helpers import clean_environment
from worker import user_module
from worker.errors import TargetError
from worker.settings import PROJECT
from worker.target import Target, load

APP_DIR = PROJECT / "tests" / "project"


@pytest.fixture
def untouched(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """What loading changes is as before afterwards: the path, the modules, the environment, the directory."""
    modules, environ = set(sys.modules), dict(os.environ)
    monkeypatch.setattr(sys, "path", [*sys.path])
    monkeypatch.chdir(Path.cwd())
    yield
    for name in sys.modules.keys() - modules:
        if name.partition(".")[0] in ("broken", "mine", "django"):
            del sys.modules[name]
    os.environ.clear()
    os.environ.update(environ)


def target(name: str, app_dir: Path = APP_DIR, async_name: str = "") -> Target:
    """A target in a directory of its own."""
    return Target(name, async_name, app_dir=str(app_dir), directory=str(app_dir))


@pytest.mark.usefixtures("untouched")
class TestFound:
    """What can be named."""

    def test_a_plain_function(self) -> None:
        found = load(target("shop.tasks:nap"))
        assert found.plain(0) == 0
        assert not found.is_async
        assert found.on_loop is None
        assert not found.is_task

    def test_an_async_def_is_its_own_twin(self) -> None:
        found = load(target("shop.tasks:nap_async"))
        assert found.is_async
        assert found.on_loop is found.plain

    def test_a_twin(self) -> None:
        found = load(target("shop.tasks:nap", async_name="shop.tasks:nap_async"))
        assert found.on_loop.__name__ == "nap_async"  # type: ignore[union-attr]
        assert not found.is_async

    def test_what_is_inside_a_class(self) -> None:
        assert load(target("shop.tasks:Group.inner")).plain(4) == 4

    def test_what_a_celery_task_runs(self) -> None:
        found = load(target("shop.tasks:add"))
        assert found.is_task
        assert found.plain(1, y=2) == 3

    def test_a_task_in_a_module_without_its_app_is_started_by_another(self, tmp_path: Path) -> None:
        source = "import celery\ndef f(): return 1\nf = celery.Celery('mine', set_as_current=False).task(f)\n"
        (tmp_path / "mine.py").write_text(source)
        found = load(target("mine:f", tmp_path))
        assert found.plain() == 1
        assert not found.is_task

    def test_a_bound_task_has_itself(self) -> None:
        assert load(target("shop.tasks:own_name")).plain() == "shop.tasks.own_name"

    def test_a_task_that_retries_by_itself_fails_and_sends_nothing(self) -> None:
        with pytest.raises(KeyError, match="again"):
            load(target("shop.tasks:flaky")).plain()

    def test_the_directory_and_the_variables_are_those_of_the_user(self, tmp_path: Path) -> None:
        named = Target(
            "shop.tasks:where",
            app_dir=str(APP_DIR),
            directory=str(tmp_path),
            variables={"CELERY_TEST_VARIABLE": "theirs"},
        )
        assert load(named).plain() == [str(tmp_path), "theirs"]


@pytest.mark.usefixtures("untouched")
@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("shop", "'shop' names no function (--job): write MODULE:FUNCTION, such as shop.tasks:send_mail"),
        ("shop.tasks:", "names no function"),
        ("shop/tasks.py:nap", "names no function"),
        ("worker.tasks:do", "cannot be imported beside simul (--job), whose own packages are called worker"),
        (
            "nowhere.at.all:f",
            f"there is no module nowhere (--job nowhere.at.all): it was looked for in {APP_DIR}",
        ),
        ("shop.nothing:f", "there is no module shop.nothing"),
        (
            "shop.tasks:nnap",
            "shop.tasks has nothing called 'nnap' (--job shop.tasks:nnap): did you mean nap?",
        ),
        ("shop.tasks:Group.outer", "shop.tasks.Group has nothing called 'outer'"),
        ("shop.tasks:NUMBER", "shop.tasks:NUMBER is no function, but an int (--job)"),
        ("shop.tasks:Group", "is no function, but a class"),
    ],
)
def test_what_is_no_function_is_told(name: str, said: str) -> None:
    with pytest.raises(TargetError) as told:
        load(target(name))
    assert said in str(told.value)


@pytest.mark.usefixtures("untouched")
@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("1 / 0", "broken cannot be imported (--job): ZeroDivisionError: division by zero (broken:1)"),
        ("import no_such_package", "ModuleNotFoundError: No module named 'no_such_package' (broken:1)"),
        ("import sys; sys.exit(3)", "broken cannot be imported (--job): it exits (broken:1)"),
        ("def f(:", "SyntaxError"),
        (
            "from worker import mine",
            "/worker.py has the name of a package of simul's, and cannot be imported",
        ),
    ],
)
def test_an_import_that_fails_is_told(tmp_path: Path, source: str, said: str) -> None:
    (tmp_path / "broken.py").write_text(source)
    (tmp_path / "worker.py").write_text("mine = 1")
    with pytest.raises(TargetError) as told:
        load(target("broken:f", tmp_path))
    assert said in str(told.value)
    assert "\n" not in str(told.value)


@pytest.mark.usefixtures("untouched")
def test_a_function_that_would_run_nothing_is_told(tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text("def f(): yield\nasync def g(): yield")
    for name in ("f", "g"):
        with pytest.raises(TargetError, match=f"mine:{name} is a generator function"):
            load(target(f"mine:{name}", tmp_path))


@pytest.mark.usefixtures("untouched")
def test_a_module_that_another_hides_is_told(tmp_path: Path) -> None:
    (tmp_path / "json.py").write_text("def mine(): pass")
    with pytest.raises(TargetError, match=r"json has nothing called 'mine' .*json\.py is hidden by"):
        load(target("json:mine", tmp_path))


def test_a_module_may_be_called_celery(tmp_path: Path) -> None:
    (tmp_path / "celery.py").write_text("def mine(): pass")
    variables = target("celery:mine", tmp_path).environment()
    command = [sys.executable, "-m", "worker.target"]
    subprocess.run(command, cwd=PROJECT, env=clean_environment() | variables, check=True)


@pytest.mark.usefixtures("untouched")
def test_a_module_sees_no_arguments_of_the_labs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "broken.py").write_text("import argparse\nargparse.ArgumentParser().parse_args()\nf = print")
    monkeypatch.setattr(sys, "argv", ["program", "--ours"])
    load(target("broken:f", tmp_path))
    assert sys.argv == ["program", "--ours"]


def test_a_process_that_a_module_forks_ends(tmp_path: Path) -> None:
    (tmp_path / "broken.py").write_text("import os\nif os.fork(): os.wait()\ndef mine(): pass")
    variables = target("broken:mine", tmp_path).environment()
    program = "from worker.target import function; function(); print('loaded')"
    command = [sys.executable, "-c", program]
    environment = clean_environment() | variables
    done = subprocess.run(command, cwd=PROJECT, env=environment, check=True, capture_output=True, text=True)
    assert done.stdout == "loaded\n"


@pytest.mark.usefixtures("untouched")
def test_django_is_set_up_before_the_import_or_it_is_told_how(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With a stand-in that does what Django does: models cannot be imported before `setup`."""
    (tmp_path / "django").mkdir()
    (tmp_path / "django" / "__init__.py").write_text(
        "ready = False\n"
        "class AppRegistryNotReady(Exception): pass\n"
        "AppRegistryNotReady.__module__ = 'django.core.exceptions'\n"
        "def setup():\n    global ready\n    ready = True\n"
        "def model():\n    if not ready: raise AppRegistryNotReady('no')\n"
    )
    (tmp_path / "mine.py").write_text("import django\ndjango.model()\ndef f():\n    return 1\n")
    with pytest.raises(TargetError, match="is set up before the import where DJANGO_SETTINGS_MODULE is set"):
        load(target("mine:f", tmp_path))
    monkeypatch.setenv("DJANGO_SETTINGS_MODULE", "site.settings")
    assert load(target("mine:f", tmp_path)).plain() == 1


@pytest.mark.usefixtures("untouched")
@pytest.mark.parametrize(
    ("setup", "why"),
    [
        ("import mine.settings", "ModuleNotFoundError: No module named 'mine'"),
        ("raise ValueError('SECRET_KEY\\nis empty')", "ValueError: SECRET_KEY\\nis empty"),
        ("raise SystemExit(3)", "SystemExit: 3"),
    ],
)
def test_a_django_that_cannot_be_set_up_is_told_of_in_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, setup: str, why: str
) -> None:
    (tmp_path / "django").mkdir()
    (tmp_path / "django" / "__init__.py").write_text(f"def setup():\n    {setup}\n")
    monkeypatch.setenv("DJANGO_SETTINGS_MODULE", "site.settings")
    with pytest.raises(TargetError) as caught:
        load(target("shop.tasks:nap", tmp_path))
    assert str(caught.value) == f"Django cannot be set up with site.settings (DJANGO_SETTINGS_MODULE): {why}"


@pytest.mark.usefixtures("untouched")
def test_an_import_that_fails_is_told_of_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "broken.py").write_text("raise ValueError('two\\nlines')\n")
    with pytest.raises(TargetError, match=r"^broken cannot be imported \(--job\): ValueError: two\\nlines"):
        load(target("broken:f", tmp_path))


@pytest.mark.usefixtures("untouched")
def test_a_twin_is_an_async_def() -> None:
    with pytest.raises(TargetError, match=r"shop\.tasks:nap is no `async def` \(--async-job\)"):
        load(target("shop.tasks:nap_async", async_name="shop.tasks:nap"))


def test_a_target_travels_by_the_environment() -> None:
    named = Target("a.b:c", "a.b:d", "/somewhere", "/elsewhere", {"CELERY_X": "ü\n"})
    assert Target.read(named.environment()) == named
    assert Target.read({}) is None


def test_jobs_of_the_labs_own_import_no_function_that_the_environment_names() -> None:
    workload = build("waits", 1)
    plan = Plan(
        workloads=[workload],
        contenders={workload.name: []},
        rounds=1,
        seed=1,
        chunk=1,
        data_root=PROJECT,
        out=None,
    )
    assert Target.read({"SIMUL_JOB": "mine:f", **plan.variables}) is None


def test_the_current_directory_is_looked_in_first(tmp_path: Path) -> None:
    (tmp_path / "json.py").write_text("def mine():\n    return 1\n")  # Python's own is loaded already
    (tmp_path / "mine.py").write_text("def f():\n    return 1\n")
    environment = clean_environment(SIMUL_JOB="mine:f", SIMUL_JOB_DIRECTORY=str(tmp_path))
    command = [sys.executable, "-m", "worker.target"]
    done = subprocess.run(command, cwd=PROJECT, env=environment, capture_output=True, check=False, text=True)
    assert (done.returncode, done.stderr) == (0, "")


def test_a_program_says_on_its_last_line_what_it_cannot_find(tmp_path: Path) -> None:
    environment = clean_environment(SIMUL_JOB="mine:f", SIMUL_JOB_DIRECTORY=str(tmp_path))
    command = [sys.executable, "-m", "worker.target"]
    done = subprocess.run(command, cwd=PROJECT, env=environment, capture_output=True, check=False, text=True)
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1].startswith(
        "worker.errors.TargetError: there is no module mine (--job mine)"
    )


def test_json_is_read_of_variables() -> None:
    assert json.loads(Target("a:b").environment()["SIMUL_JOB_VARIABLES"]) == {}
    assert user_module.OURS == ("worker", "producer")
