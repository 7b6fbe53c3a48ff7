"""Whether a file is what `docs/result.schema.json` says, asked of a validator that knows nothing of simul."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator

SCHEMA_FILE = Path(__file__).resolve().parents[1] / "docs" / "result.schema.json"


def violations(path: Path) -> list[str]:
    """What is wrong with the result file, by the schema; empty where nothing is."""
    data = path.read_bytes()
    return violations_of(json.loads(gzip.decompress(data) if path.suffix == ".gz" else data))


def violations_of(result: Any) -> list[str]:
    """The same of a result that is read already."""
    schema = json.loads(SCHEMA_FILE.read_text())
    Draft202012Validator.check_schema(schema)
    return [
        f"{error.json_path}: {error.message}" for error in Draft202012Validator(schema).iter_errors(result)
    ]
