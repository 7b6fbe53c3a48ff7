"""The JSON Schema of a result file, made from the classes that read and write it.

`python -m producer.schema` prints it; a test holds `docs/result.schema.json` equal to it.
"""

from __future__ import annotations

import json
import sys
from typing import Any

import msgspec

from producer.results import SCHEMA, Result


def result_schema() -> dict[str, Any]:
    """The schema (JSON Schema 2020-12), with the first line of each class as its description."""
    schema: dict[str, Any] = msgspec.json.schema(Result)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": f"A result of simul, schema {SCHEMA}",
        **schema,
    }


if __name__ == "__main__":
    sys.stdout.write(json.dumps(result_schema(), indent=2) + "\n")
