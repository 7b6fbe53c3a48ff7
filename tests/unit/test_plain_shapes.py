"""Where msgspec is missing, what stands in for it takes and refuses the same, in the same words."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from worker import plain_reading, plain_shapes
from worker.consumer import Name, Nothing, Repr, Value
from worker.job_messages import KINDS
from worker.records import JobRecord, SentRecord

msgspec = pytest.importorskip(
    "msgspec", reason="no msgspec for this Python: nothing to hold the stand-in against"
)

UNIT = Path(__file__).parent
#: Has Python find no msgspec, and runs a file of tests.
WITHOUT = """
import sys
sys.modules["msgspec"] = None
import pytest
options = ["-q", "-p", "no:cacheprovider", "--noconftest", "-c", "/dev/null", "--rootdir"]
sys.exit(pytest.main([*options, *sys.argv[1:]]))
"""

json_values: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
FIELDS = {name for kind in KINDS.values() for name in kind.__dataclass_fields__}
near_jobs = st.dictionaries(st.sampled_from(sorted(FIELDS)), json_values, max_size=8)


def outcome(convert: Callable[[Any, Any], Any], value: Any, shape: Any) -> Any:
    """What comes of reading a value: the value read, or the words of the error."""
    try:
        read = convert(value, shape)
    except Exception as error:
        return str(error), isinstance(error, ValueError)
    return repr(read)


@pytest.mark.parametrize("test", ["test_jobs.py", "test_consumer.py", "test_control.py", "test_records.py"])
def test_what_is_tested_of_messages_holds_without_msgspec_too(test: str) -> None:
    command = [sys.executable, "-c", WITHOUT, str(UNIT.parent.parent), str(UNIT / test)]
    ran = subprocess.run(command, capture_output=True, text=True, cwd=UNIT.parent.parent, check=False)
    assert ran.returncode == 0, ran.stdout[-3000:] + ran.stderr[-1000:]


@pytest.mark.parametrize("shape", [Name, Repr, Value, Nothing, float | None, float, tuple[float, float]])
@given(value=json_values)
@example(10**400)
@example("x" * 256)
@example("a\nb")
@example([1, "x"])
@example([True, 1.0])
def test_each_shape_of_a_call_is_read_as_msgspec_reads_it(shape: Any, value: Any) -> None:
    assert outcome(plain_reading.convert, value, shape) == outcome(msgspec.convert, value, shape)


@pytest.mark.parametrize("kind", list(KINDS.values()), ids=list(KINDS))
@given(fields=near_jobs | json_values)
@example({"fen": "k", "wait_ms": 1, "seed": 2})
@example({"fen": "k", "depth": 9})
@example({"files": ["a", 7]})
@example({"files": []})
@example({"lower": 0, "upper": 1, "steps": 3})
@example({"start": 1, "stop": 1.0})
def test_each_kind_of_job_is_read_as_msgspec_reads_it(kind: Any, fields: Any) -> None:
    assert outcome(plain_reading.convert, fields, kind) == outcome(msgspec.convert, fields, kind)


class Closed(plain_shapes.Struct, forbid_unknown_fields=True):
    """A shape as the consumer declares it of what follows a call."""

    names: list[str] = []  # noqa: RUF012  # each object has its own
    inner: Name | None = None


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ({"odd": 1}, "Object contains unknown field `odd`"),
        ({"names": ["a", None]}, "Expected `str`, got `null` - at `$.names[1]`"),
        (b"{}", "Expected `object`, got `bytes`"),
    ],
)
def test_a_struct_says_what_does_not_fit(value: Any, words: str) -> None:
    with pytest.raises(plain_shapes.ValidationError) as raised:
        plain_reading.convert(value, Closed)
    assert str(raised.value) == words


def test_a_struct_has_its_defaults_and_a_list_of_its_own() -> None:
    one, other = (plain_reading.convert({}, Closed) for _ in range(2))
    one.names.append("a")
    assert plain_shapes.asdict(other) == {"names": [], "inner": None}


def test_a_record_is_written_as_msgspec_writes_it() -> None:
    answer = {"verdicts": ({"file": '\u00e9"\n\x7f', "verdict": "wrong", "expected": 10**30, "found": -1.5},)}
    sent = SentRecord(JobRecord(7, "host/1", 1, 2, 3, 4, answer, None), "boot", 2**63)  # type: ignore[arg-type]
    assert plain_shapes.encode(sent) == msgspec.json.encode(sent)
    assert json.loads(plain_shapes.encode(sent))["record"]["index"] == 7
    for encode in (plain_shapes.encode, msgspec.json.encode):
        with pytest.raises(UnicodeEncodeError):
            encode("\ud800")
