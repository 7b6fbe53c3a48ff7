"""Puts the page's files into one document that fetches nothing, and says by hashes what may run in it."""

from __future__ import annotations

import base64
import hashlib
import re
from dataclasses import dataclass
from importlib.resources import files

_STYLE = re.compile(r'<link rel="stylesheet" href="([a-z]+\.css)">')
_SCRIPT = re.compile(r'<script src="([a-z]+\.js)"></script>')


@dataclass(frozen=True, slots=True)
class Document:
    """The page, and the Content-Security-Policy that it is to be served with."""

    html: str
    policy: str


def write_document() -> Document:
    """Write the page; each style sheet and script that it names stands where it was named."""
    here = files("producer.live.page")
    hashes: dict[str, list[str]] = {"script": [], "style": []}

    def inline(tag: str, name: str) -> str:
        text = (here / name).read_text("utf-8")
        digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
        hashes[tag].append(f"'sha256-{digest}'")
        return f"<{tag}>{text}</{tag}>"

    page = (here / "page.html").read_text("utf-8")
    page = _STYLE.sub(lambda match: inline("style", match[1]), page)
    page = _SCRIPT.sub(lambda match: inline("script", match[1]), page)
    policy = (
        f"default-src 'none'; script-src {' '.join(hashes['script'])}; style-src {' '.join(hashes['style'])};"
        " img-src data:; connect-src 'self'; frame-src 'self'; base-uri 'none'; form-action 'none'; "
        "frame-ancestors 'none'"
    )
    return Document(page, policy)
