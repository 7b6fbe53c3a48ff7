"""Lists what is installed for the Python that runs this, as JSON on stdout.

The lab has the Python of a user's project run it by its path, of whatever version: it imports nothing that is
not standard.
"""

from __future__ import annotations

import json
import re
import site
import sys
from importlib import metadata


def describe() -> dict[str, object]:
    """Describe this Python, where it looks for installed packages, and what there is, as plain JSON types."""
    sites = [*site.getsitepackages(), site.getusersitepackages()]
    packages: dict[str, object] = {}
    for package in metadata.distributions():
        name = package.metadata["Name"]
        if name:
            # Of two with one name, the first is the one that is imported.
            found = [package.version, package.read_text("direct_url.json")]
            packages.setdefault(re.sub(r"[-_.]+", "-", name).lower(), found)
    return {
        "version": list(sys.version_info[:2]),
        "prefix": sys.prefix,
        "is_virtual": sys.prefix != sys.base_prefix,
        "base": sys.base_prefix,
        "directories": [path for path in dict.fromkeys(sys.path) if path in sites],
        "packages": packages,
    }


if __name__ == "__main__":
    sys.stdout.write("\n" + json.dumps(describe()))
