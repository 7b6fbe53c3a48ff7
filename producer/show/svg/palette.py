"""The colours, by name and by theme.

Each colour means one thing. The families have Okabe and Ito's hues (jfly.uni-koeln.de/color),
lightened on a dark page; faster is green and slower purple; processes have muted tones, and those of
neighbours differ in lightness, which people with any kind of colour blindness see. Nothing is said by
colour alone: what is slower is hatched, a warning has a striped edge, a process's name is beside its lanes.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

#: Colours that processes take in turn.
PROCESSES = 6

#: `here`, `celery` and `peer` are the families of contenders; `bad` is what is invalid or has to be known;
#: `wait` is waiting in the queue, and `part-` begins what else a slot does with its time.
LIGHT: Mapping[str, str] = {
    "paper": "#ffffff",
    "raised": "#f6f7f9",
    "ink": "#1b1f24",
    "soft": "#59636e",
    "line": "#dfe3e8",
    "wait": "#c3cad3",
    "here": "#0072b2",
    "celery": "#d55e00",
    "peer": "#7a6a00",
    "faster": "#1b7837",
    "slower": "#762a83",
    "bad": "#b3261e",
    "part-job": "#3b8fa9",
    "part-held": "#86653c",
    "part-sending": "#60224c",
    "part-handing": "#b0991a",
    "part-left": "#edf0f4",
    "process-0": "#1c565d",
    "process-1": "#5a9c8f",
    "process-2": "#5e4065",
    "process-3": "#8f914f",
    "process-4": "#344226",
    "process-5": "#b67e9d",
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
    "peer": "#d8c93a",
    "faster": "#5cba76",
    "slower": "#c79bdc",
    "bad": "#ff8a80",
    "part-job": "#3ce0e1",
    "part-held": "#bda16e",
    "part-sending": "#e255ca",
    "part-handing": "#e6e766",
    "part-left": "#262d37",
    "process-0": "#8dd3d2",
    "process-1": "#47887c",
    "process-2": "#e5bbe1",
    "process-3": "#7d7f44",
    "process-4": "#d0d396",
    "process-5": "#9d6785",
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
