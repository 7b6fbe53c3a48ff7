"""The JSON Schema of a result file, made from the classes that read and write it.

`python -m producer.results.schema` prints it; a test holds `docs/result.schema.json` equal to it.
"""

from __future__ import annotations

import inspect
import json
import sys
from typing import Any

import msgspec

from producer.results import SCHEMA, Result


def result_schema() -> dict[str, Any]:
    """Make the schema (JSON Schema 2020-12), with the first line of each class as its description."""
    schema: dict[str, Any] = msgspec.json.schema(Result)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": f"A result of simul, schema {SCHEMA}",
        **_clean(schema),
    }


def _clean(part: Any) -> Any:
    # Python 3.13 and later strip the indentation of docstrings themselves.
    if isinstance(part, dict):
        return {key: _clean(value) for key, value in part.items()}
    if isinstance(part, list | tuple):
        return [_clean(value) for value in part]
    return inspect.cleandoc(part) if isinstance(part, str) and "\n" in part else part


if __name__ == "__main__":
    sys.stdout.write(json.dumps(result_schema(), indent=2) + "\n")
