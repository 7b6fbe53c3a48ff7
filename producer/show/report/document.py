"""The document that a page is: one file, with its styles and scripts in it, that opens anywhere."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from importlib.resources import files

from producer.printable import html
from producer.show.report import glossary, present
from producer.show.svg.palette import DARK, LIGHT, declare

#: How every report begins; what begins otherwise is not ours to overwrite.
OPENING = "<!doctype html><!-- simul report -->"
#: Nothing may be fetched from anywhere; scripts and styles are those in the page.
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src data:"
_ICON = (
    "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 16 16'%3E"
    "%3Cpath fill='%230072b2' d='M0 0h8v16h8V8H0z'/%3E%3C/svg%3E"
)


#: What the page's script consists of, in this order.
SCRIPTS = (
    *(
        "theme.js",
        "tip.js",
        "bars.js",
        "lanes.js",
        "timeline.js",
        "pair.js",
        "fold.js",
        "glossary.js",
        "present.js",
    ),
    "page.js",
)
#: Its styles, in this order.
STYLES = ("page.css", "parts.css", "figures.css", "glossary.css", "pair.css", "present.css")


def write_document(
    title: str,
    links: Sequence[tuple[str, str]],
    body: str,
    lines: Mapping[str, object],
    *,
    many: bool = False,
) -> str:
    """Write a page of these sections.

    `links` are the places and the texts of its navigation, `lines` what canvases draw, by figure; `many` says
    that several results stand side by side.
    """
    assets = files("producer.show.report")
    style, script = (
        "".join((assets / name).read_text("utf-8") for name in names) for names in (STYLES, SCRIPTS)
    )
    dark = declare(DARK)
    themes = (
        f":root{{{declare(LIGHT)}}}:root[data-theme=dark]{{{dark}}}"
        f"@media(prefers-color-scheme:dark){{:root:not([data-theme=light]){{{dark}}}}}"
    )
    navigation = "".join(f'<a href="#{html(place)}">{html(text)}</a>' for place, text in links)
    return (
        f'{OPENING}<html lang="en"><head><meta charset="utf-8"><title>{html(title)}</title>'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f'<link rel="icon" href="{_ICON}"><style>{themes}{style}</style></head><body>'
        f'<header><a class="name" href="#top">simul</a><nav>{navigation}<a href="#words">words</a></nav>'
        f'{present.BUTTON}<button type="button" id="theme">Theme</button></header>'
        f'<main id="top"{" class=many" if many else ""}>'
        f"{body}{glossary.write_all()}</main>{present.STAGE}{glossary.write_popovers()}"
        '<div id="tip" role="status" hidden></div>'
        f'<script type="application/json" id="lines">{_json(lines)}</script>'
        f"<script>{script}</script></body></html>\n"
    )


def _json(value: object) -> str:
    # "<" would let a text end the script element it stands in.
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False).replace("<", "\\u003c")
