"""How foreign text leaves simul: as text, and as nothing else.

Foreign is whatever somebody else wrote: the names and errors in a result file, what a worker answers, the
version that a server states, the name of a file. It may hold what a terminal obeys, what turns a line around
or hides a part of it, or what a table of numbers takes for a formula. It goes through `printable` on its way
out, and through whatever else its destination needs. Nothing is removed: what cannot be shown is spelled as
Python spells it in a string, so that a reader sees that it is there.
"""

from __future__ import annotations

import html as standard_html
import json
import re
from collections.abc import Iterable
from dataclasses import fields, is_dataclass
from typing import Any

from rich.padding import Padding
from rich.text import Text

from producer.contender_name import ContenderName
from producer.words import SPACE
from worker.records import escape_unprintable

#: The characters that begin a formula in a spreadsheet, also in the wide form of Asian keyboards.
_FORMULA = re.compile(r"\s*[=+\-@＝＋－＠]")
#: What Markdown reads as more than text; a colon only where it makes an address of what follows.
_MARKDOWN = re.compile(r"[\\`*_\[\]<>|~&#$]|:(?=//)")
_NOT_ASCII = re.compile(r"[^\n -~]+")


def printable(text: str, *, keep: str = "") -> str:
    """Put the text on one line, and make everything in it visible; the characters of `keep` stay as they are.

    Control characters, line breaks, and characters without a width or that change the direction of
    writing become `\\x1b`, `\\n`, `\\u202e`. So does half a character: a file's name need not be UTF-8.
    """
    return escape_unprintable(text, keep)


def terminal(text: str) -> str:
    """Prepare the text for a terminal, with plain spaces only: people search in what a terminal shows."""
    return printable(text).replace(SPACE, " ")


def notes(lines: Iterable[str], style: str = "") -> list[Padding]:
    """Indent lines under a table in a terminal, also where the terminal breaks them."""
    return [Padding(Text(terminal(line), style), (0, 0, 0, 2), expand=False) for line in lines]


def html(text: str) -> str:
    """Prepare the text for a page or a drawing: between tags, or in a quoted attribute. Lines stay lines."""
    return standard_html.escape(printable(text, keep="\n"))


def markdown(text: str) -> str:
    """Prepare the text for a Markdown table or heading: no cell, code, link or tag begins or ends in it."""
    return _MARKDOWN.sub(r"\\\g<0>", terminal(text))


def spreadsheet(value: Any) -> Any:
    """Prepare a cell of a CSV file: text that would be a formula gets the quote that says it is text."""
    if not isinstance(value, str):
        return value
    return f"'{printable(value)}" if _FORMULA.match(value) else printable(value)


def json_text(value: Any, *, indent: bool = True) -> str:
    """Write the value as JSON, all ASCII: JSON's own escapes are understood wherever it is read.

    The names of contenders are texts there, as people write them.
    """
    import msgspec  # not at the top: other modules of the command line only print

    text = msgspec.json.encode(_with_names(value))
    text = msgspec.json.format(text, indent=2 if indent else -1)
    return _NOT_ASCII.sub(lambda match: json.dumps(match[0])[1:-1], text.decode())


def _with_names(value: Any) -> Any:
    if isinstance(value, ContenderName):
        return str(value)
    if is_dataclass(value):
        return {field.name: _with_names(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, dict):
        return {key: _with_names(item) for key, item in value.items()}
    return [_with_names(item) for item in value] if isinstance(value, list | tuple) else value
