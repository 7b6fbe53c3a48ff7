"""A part of the page that is folded, and says what is in it."""

from __future__ import annotations

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
