"""Result files of earlier versions are read as this version would have written them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec

from producer.contender_name import ContenderName
from producer.results import SCHEMA, load
from producer.results.older import from_schema_1
from tests.made import a_result


def in_schema_1(names: dict[str, str]) -> bytes:
    """A result with a run of each of these contenders, as schema 1 named them."""
    result = a_result({name: [1.0] for name in names})
    plain: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(result))
    plain["schema"] = 1
    plain["interpreters"] = plain.pop("pythons")
    for run, text in zip(plain["runs"], names.values(), strict=True):
        run["contender"] = text
    plain["workloads"][0]["startups_s"] = dict.fromkeys(names.values(), 0.1)
    plain["workloads"][0]["left_out"] = {"celery:solo": "no worker"}
    return msgspec.json.encode(plain)


def test_the_names_of_schema_1_are_taken_apart(tmp_path: Path) -> None:
    # Workers stood before slots: three workers of 32 slots each.
    names = {
        "serial": "serial",
        "celery:gevent@32x3": "celery:gevent@3x32",
        "threads@4 [3.13t]": "threads@4 [3.13t]",
    }
    (tmp_path / "old.json").write_bytes(in_schema_1(names))
    result = load(tmp_path / "old.json")

    assert result.schema == SCHEMA
    assert [run.contender for run in result.runs] == [
        ContenderName("serial"),
        ContenderName("celery:gevent", 32, 3),
        ContenderName("threads", 4, python="3.13t"),
    ]
    assert list(result.workloads[0].startups_s) == list(names)
    assert result.workloads[0].left_out == {"celery:solo": "no worker"}


def test_what_was_no_name_in_schema_1_is_a_way() -> None:
    [run] = from_schema_1(in_schema_1({"serial": "somebody@else"})).runs
    assert run.contender == ContenderName("somebody@else")
