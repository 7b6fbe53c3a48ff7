"""Words of the lab are marked where they stand in prose, and nowhere else."""

from __future__ import annotations

import re

import pytest

from producer.printable import html
from producer.show.report.glossary import UNMARKED, WORDS, mark_words, write_all, write_popovers
from producer.show.report.labelled import label
from producer.show.report.page import write_page
from tests.charted import compared, one_after_the_other

MARK = re.compile(r'<button type="button" class="word" popovertarget="([^"]*)">([^<]*)</button>')


def marked(section: str) -> list[str]:
    """The texts that are marked."""
    return [text for _, text in MARK.findall(mark_words(section))]


@pytest.mark.parametrize("word", sorted(WORDS.keys() - UNMARKED))
def test_every_word_is_marked_once_in_a_section(word: str) -> None:
    text = f"<p>A {word} and a {word}.</p><p>{word}s</p>"
    assert marked(text) == [word]
    assert MARK.sub(r"\2", mark_words(text)) == text


@pytest.mark.parametrize(
    "name",
    [
        "threads@32",
        "celery:prefork@2",
        "celery:threads@2/prefetch=1",
        "asyncio+threads@8",
        "--jobs",
        "queue.py",
        "my.pool:limit",
        "/run/broker",
        "worker-1",
        "jobless",
        "gil",
    ],
)
def test_a_name_is_not_marked(name: str) -> None:
    assert marked(f"<p>Of {html(name)} nothing.</p>") == []


def test_only_prose_is_marked() -> None:
    section = (
        '<h4>slot</h4><p data-tip="a slot"><b>queue</b> <a href="#slot">slot</a></p><pre>slot</pre>'
        '<svg aria-label="slot"><text>slot</text></svg>'
        '<table><tr><th scope="col">queue</th><td>slot</td></tr></table><p>a worker</p>'
    )
    assert marked(section) == ["worker"]
    assert marked('<th scope="col" class="says">makespan</th><td>slot</td>') == ["makespan"]


def test_plurals_and_unbreakable_spaces_lead_to_the_word() -> None:
    text = mark_words("<p>Processes with slots, CPU\u00a0time.</p>")
    assert MARK.findall(text) == [
        ("word-process", "Processes"),
        ("word-slot", "slots"),
        ("word-CPU-time", "CPU\u00a0time"),
    ]


def test_every_mark_of_a_page_has_its_meaning_and_every_word_is_listed() -> None:
    result, _ = compared(*one_after_the_other("serial", 4.0), *one_after_the_other("celery:threads@2", 1.0))
    page = write_page([label("one", result)])
    targets = {target for target, _ in MARK.findall(page)}
    assert {"word-makespan", "word-slot", "word-contender"} <= targets
    assert targets <= set(re.findall(r'<div class="meaning" id="([^"]*)" popover>', page))
    assert write_popovers().count("popover>") == write_all().count("<dt>") == len(WORDS)
    for sentence in WORDS.values():
        assert sentence.endswith(".")
