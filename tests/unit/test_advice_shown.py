"""The recommendation is shown in the terminal, on the page and in what is exported; of no other workload."""

from __future__ import annotations

import io
import json
from html import unescape
from pathlib import Path

import pytest
from rich.console import Console

from producer.results import Result, load
from producer.show.charts.entries import derive_fields
from producer.show.export import to_json, to_markdown
from producer.show.report import sections
from producer.show.terminal.tables import print_result
from producer.words import SPACE, memory
from tests.advised import COMPUTES, SLEEPS, TARGET, advice, compared, ran, text
from tests.made import a_result, saved

COMMAND = "celery -A shop.tasks worker --pool=threads --concurrency=32"
NOTE = 'measured with task_acks_late = True and broker_transport = "celery_reliable_redis:Transport"'


@pytest.fixture(scope="module")
def what() -> Result:
    """A comparison of a function that sleeps."""
    return compared(SLEEPS, ran("celery:threads@32", 0.12, 32), ran("celery:gevent@32", 3.2, 1))


def printed(what: Result, width: int) -> str:
    """What the terminal shows, without styles."""
    console = Console(file=io.StringIO(), width=width, highlight=False)
    print_result(console, what)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


@pytest.mark.parametrize("width", [40, 80, 160])
def test_the_terminal_ends_with_the_paragraph_and_a_command_on_a_line_of_its_own(
    what: Result, width: int
) -> None:
    shown = printed(what, width)
    assert f"\n  $ {COMMAND}\n" in shown
    before, _, after = shown.partition(f"  $ {COMMAND}\n")
    assert " ".join(before.split()).endswith(text(what))
    assert " ".join(after.split()) == NOTE
    assert all(len(line) <= width for line in before.splitlines())


def test_a_sweep_ends_with_it_too() -> None:
    sweep = compared(SLEEPS, *(ran(f"celery:threads@{slots}", 4 / slots, slots) for slots in (8, 16, 32)))
    sweep.kind = "sweep"
    assert COMMAND in printed(sweep, 80)


def test_where_nothing_can_be_recommended_there_is_no_command() -> None:
    nothing = compared(SLEEPS, ran("threads@32", 0.12, 32))
    assert "No pool can be recommended" in printed(nothing, 160)
    assert "celery -A" not in printed(nothing, 160) + to_markdown(nothing) + _on_page(nothing)


def test_the_page_has_the_paragraph_and_the_command(what: Result) -> None:
    page = unescape(_on_page(what)).replace(SPACE, " ")
    assert f"<p>{text(what)}</p><pre>{COMMAND}</pre><p>{NOTE}</p>" in page


def test_a_name_in_it_is_no_html() -> None:
    hostile = compared(SLEEPS, ran("celery:<b>@32", 0.12, 32))
    assert "<b>" not in _on_page(hostile)


def test_json_has_the_facts_the_parts_and_the_words(what: Result) -> None:
    exported = json.loads(to_json(what))[TARGET]
    assert exported["facts"]["waiting"] == SLEEPS.waiting
    assert exported["advice"]["text"].replace(SPACE, " ") == text(what)
    assert exported["advice"]["command"] == COMMAND
    choice = exported["advice"]["recommendation"]["choice"]
    assert (choice["certainty"], choice["figures"]["contender"]) == ("shown", "celery:threads@32")
    [gevent] = exported["advice"]["recommendation"]["ruled_out"]
    assert (gevent["contender"], gevent["why"]) == ("celery:gevent@32", "holds the loop")
    assert gevent["ratio"]["value"] == pytest.approx(3.2 / 0.12, rel=0.01)


def test_markdown_ends_with_the_paragraph_and_the_command_as_code(what: Result) -> None:
    exported = to_markdown(what)
    assert "\nUse celery:threads@32: 533 jobs/s, " in exported
    assert f"\n    {COMMAND}\n" in exported


def test_a_workload_of_the_labs_own_is_shown_as_before() -> None:
    ordinary = a_result({"serial": [1.0] * 5, "celery:threads@4": [0.5] * 5})
    assert set(json.loads(to_json(ordinary))["waits"]) == {"contenders", "cautions", "left_out"}
    assert "Use celery" not in printed(ordinary, 80) + to_markdown(ordinary)
    assert _on_page(ordinary) == ""


def test_the_facts_are_saved_and_loaded(tmp_path: Path) -> None:
    what = compared(COMPUTES, ran("celery:threads@8", 1.3, 8))
    loaded = load(saved(tmp_path / "a.json.gz", what))
    assert loaded.workloads[0].facts == COMPUTES
    assert advice(loaded) == advice(what)


@pytest.mark.parametrize(
    ("size", "words"),
    [(1536, "1.50 KiB"), (2**20, "1.00 MiB"), (90 * 2**20, "90.0 MiB"), (10_000 * 2**20, "9.77 GiB")],
)
def test_memory_is_written_in_the_unit_that_suits_it(size: int, words: str) -> None:
    assert memory(size).replace(SPACE, " ") == words


def _on_page(what: Result) -> str:
    [field] = derive_fields(what)
    return sections.write_advice(what, field.workload, field.rows)
