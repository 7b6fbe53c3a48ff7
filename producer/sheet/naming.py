"""Finds the contender that an answer names, or that it names neither of two.

A name counts anywhere in the answer, with its slots or without, with or without "celery:": `threads`,
`asyncio@2 was faster`, `the gevent pool`, `threads(no-gil)`. So does a word for neither: `neither`,
`the same`, `no difference`. A remark ("processes, because threads share the GIL") counts only where nothing
is named before it. Where two are named, or one is called slower, nobody can tell which is meant.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Sequence

from producer.contender_name import CELERY
from producer.sheet.evidence import Measured
from producer.sheet.findings import UnreadableError

#: What is longer, in characters, is not searched to its end.
_LONGEST = 500

_NAME = re.compile(
    r"(?<!\w)[a-z][a-z:+]*[a-z](?:@[0-9]+(?:x[0-9]+)?(?:/[a-z0-9=/_-]+)?)?"
    r"(?:\((?:no-)?gil\))?(?: \[[^\[\]]+\])?"
)
_CELERY = re.compile(r"\bcelery[\s:-]+(?=[a-z])")
_NEITHER = re.compile(
    r"\b(?:neither|none|nobody|no (?:\w+ )?(?:difference|winner)|not shown|can(?:'t|not) tell)\b"
    r"|\b(?:same|equal(?:ly)?|identical(?:ly)?|alike|both|tie|draw|no one)\b|≈"
)
#: With these a remark begins.
_REMARK = re.compile(
    r"[;\n]|\((?!(?:no-)?gil\))|[.:]\s|\s[–-]\s"
    r"|\b(?:because|since|than|while|whereas|but|not|though|although|which|(?:twice|times) as)\b"
)
#: Beside such a word a name may be that of the other one.
_TURNED = re.compile(r"\b(?:not|slower|slowest|than)\b|n't\b")


def named(answer: str, there: Sequence[Measured]) -> list[Measured] | None:
    """List those that are meant: several where slots or Pythons are left open, nobody where none is known.

    None stands for neither.

    Raises:
        UnreadableError: two that are different are named.
    """
    text = _prepare(answer)
    for part in (_REMARK.split(text, maxsplit=1)[0], text):
        found = [
            (match.start(), those) for match in _NAME.finditer(part) if (those := _called(match[0], there))
        ]
        meant = [one for one in there if all(one in those for _, those in found)] if found else []
        neither = _NEITHER.search(part)
        if neither and (not meant or neither.start() < found[0][0]):
            return None
        if found and (not meant or _TURNED.search(part)):
            raise UnreadableError("more than one contender may be meant: name one, or neither")
        if found:
            return meant
    return []


def says_neither(answer: str) -> bool:
    """Tell whether an answer has a word for neither, and no number."""
    return bool(_NEITHER.search(_prepare(answer))) and not re.search("[0-9]", answer)


def closest(answer: str, there: Sequence[Measured]) -> str | None:
    """Find the name that somebody may have meant to write; None where none is close."""
    known = {form: str(one.name) for one in there for form in _forms(one)}
    for match in _NAME.finditer(_prepare(answer)):
        for form in difflib.get_close_matches(match[0], known, n=1, cutoff=0.75):
            return known[form]
    return None


def _prepare(answer: str) -> str:
    """Write the answer in small letters, each word for a pool of Celery's as its name is written."""
    lines = (" ".join(line.split()) for line in answer[:_LONGEST].lower().splitlines())
    return _CELERY.sub(CELERY, "\n".join(lines).strip(" \n*_`\"'("))


def _called(word: str, there: Sequence[Measured]) -> list[Measured]:
    """List those that have that name; "threads" is a pool of Celery's only where there is no such design."""
    for name in (word, CELERY + word):
        if found := [one for one in there if name in _forms(one)]:
            return found
    return []


def _forms(one: Measured) -> set[str]:
    """List the names of a contender: with and without its slots, its Python, and the state of its GIL."""
    full, way = str(one.name).lower(), one.name.way.lower()
    plain, _, python = full.partition(" [")
    names = {plain, way}
    if python:
        names |= {f"{name} [{python}" for name in (plain, way)}
    if one.gil is not None:
        names |= {f"{name}({'gil' if one.gil else 'no-gil'})" for name in (plain, way)}
    return names
