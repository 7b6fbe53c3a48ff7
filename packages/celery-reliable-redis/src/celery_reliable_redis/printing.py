"""What the commands of this package print, whoever has sent what is in it."""

from __future__ import annotations

import base64
import binascii
import contextlib
import json
import sys
from collections.abc import Iterable
from typing import Any


def make_plain(text: str) -> str:
    """Return a text without what moves a terminal's cursor: names come from anybody who may send."""
    return "".join(letter if letter.isprintable() else repr(letter)[1:-1] for letter in text)


def read_message(raw: bytes) -> dict[str, Any]:
    """Return a message, with its body as a text where it is one; an empty one if it cannot be read."""
    try:
        message = json.loads(raw)
        properties = message["properties"]
        if properties["body_encoding"] == "base64":
            with contextlib.suppress(binascii.Error, ValueError):  # packed, or no text: as it is
                return {**message, "body": base64.b64decode(message["body"]).decode()}
    except (ValueError, RecursionError):
        return {}
    except (KeyError, TypeError, AttributeError):
        pass
    return message if isinstance(message, dict) else {}


def report_missing(wanted: Iterable[str], found: Iterable[str], where: str) -> int:
    """Say which of the ids were not found there. Returns the command's exit code."""
    missing = sorted(set(wanted) - set(found))
    if missing:
        print(f"not among those {where}: {', '.join(map(make_plain, missing))}", file=sys.stderr)
    return 1 if missing else 0
