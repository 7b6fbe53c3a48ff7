"""Takes the paths of this machine out of what is shown: a message of an error may hold some."""

from __future__ import annotations

import re
from typing import Any

#: A path from the root with two steps or more. What follows a letter, a digit or `/` is no such path: it is
#: part of an address, a fraction or a contender's name.
_PATH = re.compile(r"(?<![\w/:.@\])-])/(?:[^\s/:'\"<>,;()\[\]]+/)+([^\s/:'\"<>,;()\[\]]*)")


#: How deep a value may be nested: deeper than what runs publish. How deep Python can go, its versions differ.
DEEPEST = 20


def without_paths(value: Any, depth: int = 0) -> Any:
    """Return the value with the last step alone of each path in its texts: "…/report.html".

    Raises:
        ValueError: it is nested too deeply.
    """
    if isinstance(value, str):
        return _PATH.sub(r"…/\1", value) if "/" in value else value
    if depth > DEEPEST:
        raise ValueError(f"nested more than {DEEPEST} deep")
    if isinstance(value, dict):
        return {key: without_paths(item, depth + 1) for key, item in value.items()}
    return [without_paths(item, depth + 1) for item in value] if isinstance(value, list) else value
