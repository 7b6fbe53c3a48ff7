"""The colours, by name and by theme.

The hues are Okabe and Ito's, which people with any kind of colour blindness can tell apart
(jfly.uni-koeln.de/color), lightened where they stand on a dark page. Nothing is said by colour alone.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

#: Colours that processes take in turn.
PROCESSES = 6

LIGHT: Mapping[str, str] = {
    "paper": "#ffffff",
    "raised": "#f6f7f9",
    "ink": "#1b1f24",
    "soft": "#59636e",
    "line": "#dfe3e8",
    "wait": "#c3cad3",
    "here": "#0072b2",
    "celery": "#d55e00",
    "good": "#00755a",
    "bad": "#b3261e",
    "part-job": "#00755a",
    "part-held": "#7b4fa3",
    "part-sending": "#cc79a7",
    "part-queue": "#56b4e9",
    "part-handing": "#e69f00",
    "part-left": "#dfe3e8",
    "process-0": "#0072b2",
    "process-1": "#d55e00",
    "process-2": "#009e73",
    "process-3": "#cc79a7",
    "process-4": "#e69f00",
    "process-5": "#56b4e9",
}
DARK: Mapping[str, str] = {
    "paper": "#12161c",
    "raised": "#1b2129",
    "ink": "#e9ecf0",
    "soft": "#a3adb9",
    "line": "#2f3742",
    "wait": "#56606e",
    "here": "#56b4e9",
    "celery": "#f28e3d",
    "good": "#3fcfa4",
    "bad": "#ff8a80",
    "part-job": "#3fcfa4",
    "part-held": "#b79adb",
    "part-sending": "#dd94bc",
    "part-queue": "#4aa3e0",
    "part-handing": "#f0c04a",
    "part-left": "#2f3742",
    "process-0": "#4aa3e0",
    "process-1": "#f28e3d",
    "process-2": "#2fc29a",
    "process-3": "#dd94bc",
    "process-4": "#f0c04a",
    "process-5": "#9ad4f5",
}


def refer_to(name: str) -> str:
    """Refer to a colour by name, so that the theme of the page decides what it is."""
    return f"var(--{name})"


def declare(theme: Mapping[str, str]) -> str:
    """Write the theme as the properties of a style sheet."""
    return "".join(f"--{name}:{value};" for name, value in theme.items())


def fix_colours(drawing: str, theme: Mapping[str, str] = LIGHT) -> str:
    """Put the colours of one theme into a drawing, for programs that know no themes."""
    return re.sub(r"var\(--([a-z0-9-]+)\)", lambda match: theme[match[1]], drawing)
