"""A part of the page that is folded, and says what is in it."""

from __future__ import annotations

from collections.abc import Sequence

from producer.printable import html


def fold(title: str, says: str, content: str, ident: str = "", name: str = "") -> str:
    """Fold `content`, which is HTML, under a title and a sentence, which are text.

    A link to `ident` opens it; `name` is its class beside "fold".
    """
    place = f' id="{html(ident)}"' if ident else ""
    kind = f"fold {name}" if name else "fold"
    said = f"<span>{html(says)}</span>" if says else ""
    return (
        f'<details class="{kind}"{place}><summary><h4>{html(title)}</h4>{said}</summary>{content}</details>'
    )


def fold_answer(question: str, answer: str, evidence: Sequence[str]) -> str:
    """Fold an answer and what shows it under its question, all text; the presentation gives it a screen."""
    shows = "".join(f"<li>{html(line)}</li>" for line in evidence)
    figure = f'<figure class="told"><h4>{html(question)}</h4><p>{html(answer)}</p><ul>{shows}</ul></figure>'
    return fold(question, answer, figure, name="answer")
