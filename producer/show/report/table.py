"""A table that may be wider than the page: its first column stays, and it says that there is more."""

from __future__ import annotations

from producer.printable import html


def write_scrolling(head: str, body: str, name: str) -> str:
    """Write a table of these cells and rows, which are HTML; `name` is read out to whoever cannot see it."""
    return (
        f'<div class="scroll" role="region" tabindex="0" aria-label="{html(name)}"><table>'
        f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>"
        '<p class="more">The table goes on to the right: scroll it, or use the arrow keys.</p>'
    )
