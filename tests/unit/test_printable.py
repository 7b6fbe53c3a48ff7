"""Foreign text is text wherever it goes: nothing in it is obeyed, hidden, or read as anything else."""

from __future__ import annotations

import csv
import io
import json
import re
import unicodedata
from html.parser import HTMLParser
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console
from rich.text import Text

from producer.printable import html, json_text, markdown, notes, printable, spreadsheet, terminal
from producer.show.svg.drawing import Drawing

SVG = "{http://www.w3.org/2000/svg}"
#: Any text, and that of which there is little in any text; also halves of characters, as in a file's name.
TEXTS = st.text() | st.text(
    st.sampled_from("a\x1b[]\r\n\t\x00\x07\x7f\x9b\u200b\u202e\u2028\ufeff\udcff=|`<&\\:/")
)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("threads@4 × 2 – ≈ 1", "threads@4 × 2 – ≈ 1"),
        ("1.24\u00a0s, 東京\u3000駅, é", "1.24\u00a0s, 東京\u3000駅, é"),
        ("\x1b[31mred\x07", r"\x1b[31mred\x07"),
        ("\x9b31m\x7f", r"\x9b31m\x7f"),
        ("one\r\ntwo\u2028three\t", r"one\r\ntwo\u2028three\t"),
        ("photo\u202egnp.exe", r"photo\u202egnp.exe"),
        ("a\u200bb\ufeff\u00ad", r"a\u200bb\ufeff\xad"),
        ("test\udcff.txt", r"test\udcff.txt"),
        (r"C:\temp", r"C:\temp"),
    ],
)
def test_what_cannot_be_seen_is_spelled(text: str, shown: str) -> None:
    assert printable(text) == shown


@given(TEXTS)
def test_nothing_but_what_shows_is_left_of_any_text(text: str) -> None:
    shown = printable(text)
    assert all(char.isprintable() or unicodedata.category(char) == "Zs" for char in shown)
    assert printable(shown) == shown
    shown.encode()


@given(TEXTS)
def test_a_note_is_one_line_without_markup(text: str) -> None:
    [note] = notes([text])
    assert isinstance(note.renderable, Text)
    assert note.renderable.plain == terminal(text)
    assert not note.renderable.spans


def test_a_note_that_is_broken_stays_indented() -> None:
    console = Console(file=io.StringIO(), width=20)
    console.print(*notes(["many words that need a second line"]))
    assert isinstance(console.file, io.StringIO)
    lines = console.file.getvalue().splitlines()
    assert len(lines) > 1
    assert all(re.match(r"  \S", line) for line in lines)


@given(TEXTS)
def test_a_terminal_shows_the_same_text_and_no_space_that_cannot_be_searched_for(text: str) -> None:
    assert terminal(text) == printable(text).replace("\u00a0", " ")
    assert terminal("53.6\u00a0ms") == "53.6 ms"


@given(TEXTS)
def test_a_page_shows_any_text_and_runs_none(text: str) -> None:
    class Parser(HTMLParser):
        def __init__(self) -> None:
            super().__init__()
            self.tags: list[tuple[str, list[tuple[str, str | None]]]] = []
            self.text = ""

        def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
            self.tags.append((tag, attrs))

        def handle_data(self, data: str) -> None:
            self.text += data

    parser = Parser()
    parser.feed(f'<p title="{html(text)}">{html(text)}</p>')
    parser.close()
    shown = printable(text, keep="\n")
    assert parser.tags == [("p", [("title", shown)])]
    assert parser.text == shown


@given(TEXTS)
def test_a_drawing_with_any_text_is_a_drawing(text: str) -> None:
    drawing = Drawing(100)
    drawing.text(0, 0, text)
    drawing.rect(0, 0, 1, 1, "ink", tip=text)
    root = ElementTree.fromstring(drawing.slide(text, text))
    written = [root.get("aria-label"), *(shape.text for shape in root.iter(f"{SVG}text"))]
    written += [shape.get("data-tip") for shape in root.iter(f"{SVG}rect")][1:]
    # In an attribute, XML reads a line break as a space.
    assert {(text or "").replace("\n", " ") for text in written} == {
        printable(text, keep="\n").replace("\n", " ")
    }


@given(TEXTS)
def test_a_spreadsheet_calculates_nothing(text: str) -> None:
    output = io.StringIO()
    csv.writer(output, lineterminator="\n").writerow([spreadsheet(text), "end"])
    [[cell, end]] = csv.reader(io.StringIO(output.getvalue()))
    assert end == "end"
    assert cell.removeprefix("'") == printable(text).removeprefix("'")
    assert not re.match(r"\s*[=+\-@]", cell)


@pytest.mark.parametrize("formula", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", " =1", "＝1+1"])
def test_a_formula_becomes_text(formula: str) -> None:
    assert spreadsheet(formula) == f"'{printable(formula)}"


@pytest.mark.parametrize("value", [-1, -0.5, None, True, "celery:gevent@100", "a-b"])
def test_numbers_and_names_are_left_to_spreadsheets_as_they_are(value: object) -> None:
    assert spreadsheet(value) is value


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("celery:prefork@4x2/prefetch=1", "celery:prefork@4x2/prefetch=1"),
        ("threads@4 [3.14t]", r"threads@4 \[3.14t\]"),
        ("a|b`c`", r"a\|b\`c\`"),
        ("[x](https://evil)", r"\[x\](https\://evil)"),
        ("<img src=x>&lt;", r"\<img src=x\>\&lt;"),
        ("*a* _b_ ~~c~~ # $d$", r"\*a\* \_b\_ \~\~c\~\~ \# \$d\$"),
        ("one\ntwo\\|", r"one\\ntwo\\\|"),
    ],
)
def test_markdown_reads_text_as_text(text: str, written: str) -> None:
    assert markdown(text) == written


@given(st.dictionaries(st.text(), st.text() | st.integers(-(2**53), 2**53)))
def test_json_is_ascii_and_says_the_same(value: dict[str, object]) -> None:
    text = json_text(value)
    assert json.loads(text) == value
    assert set(text) <= {chr(code) for code in range(32, 127)} | {"\n"}
    assert "\n" not in json_text(value, indent=False)
