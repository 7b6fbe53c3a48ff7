"""What the documents list is what there is."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize(
    ("document", "package"),
    [
        ("asyncio-pool.md", "packages/celery-asyncio-pool/src/celery_asyncio_pool"),
        ("transport.md", "packages/celery-reliable-redis/src/celery_reliable_redis"),
    ],
)
def test_every_module_of_a_package_is_explained(document: str, package: str) -> None:
    text = (ROOT / "docs" / document).read_text()
    _, begun, table = text.partition(f"| in `{package}/` | what is in it |\n")
    assert begun
    rows = table.partition("\n\n")[0].splitlines()[1:]
    named = [name for row in rows for name in re.findall(r"`(\w+\.py)`", row.split("|")[1])]
    assert sorted(named) == sorted(
        path.name for path in (ROOT / package).glob("*.py") if path.name != "__init__.py"
    )
