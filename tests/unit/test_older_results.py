"""Result files of earlier versions are read as this version would have written them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import msgspec
import pytest

from producer.contender_name import ContenderName
from producer.results import SCHEMA, ContenderResult, Result, load
from producer.results.encode import to_plain
from producer.results.older import from_schema_1, from_schema_2
from tests.made import a_result
from worker.errors import ResultError


def in_schema_1(names: dict[str, str]) -> bytes:
    """A result with a run of each of these contenders, as schema 1 named them."""
    result = a_result({name: [1.0] for name in names})
    plain: dict[str, Any] = to_plain(result)
    plain["schema"] = 1
    plain["interpreters"] = plain.pop("pythons")
    for run, text in zip(plain["runs"], names.values(), strict=True):
        run["contender"] = text
    fail(plain["runs"][0])
    del plain["workloads"][0]["contenders"]
    plain["workloads"][0]["startups_s"] = dict.fromkeys(names.values(), 0.1)
    plain["workloads"][0]["left_out"] = {"celery:solo": "no worker"}
    return msgspec.json.encode(plain)


def fail(run: Any) -> None:
    """Let a job of a run have failed."""
    run.update(errors={"1": "FileNotFoundError: test002.txt"}, problems=["1 of 4 jobs failed"])


def in_schema_2(names: Sequence[str]) -> bytes:
    """A result with a run of each of these contenders, of which the last died later, in schema 2."""
    plain: dict[str, Any] = to_plain(a_result({name: [1.0] for name in names}))
    plain["schema"] = 2
    del plain["workloads"][0]["contenders"]
    plain["workloads"][0]["startups_s"] = dict.fromkeys(names, 0.1)
    plain["workloads"][0]["left_out"] = {names[-1]: "it died", "celery:solo": "no worker"}
    fail(plain["runs"][0])
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
    assert result.runs[0].errors == {1: "FileNotFoundError: test002.txt"}
    assert [run.contender for run in result.runs] == [
        ContenderName("serial"),
        ContenderName("celery:gevent", 32, 3),
        ContenderName("threads", 4, python="3.13t"),
    ]
    assert [str(contender.name) for contender in result.workloads[0].contenders] == [*names, "celery:solo"]
    assert result.workloads[0].left_out == {ContenderName("celery:solo"): "no worker"}


def test_the_starts_of_schema_2_and_who_was_left_out_are_read(tmp_path: Path) -> None:
    (tmp_path / "old.json").write_bytes(in_schema_2(["serial", "celery:gevent@32x3"]))
    result = load(tmp_path / "old.json")

    assert result.schema == SCHEMA
    assert result.runs[0].errors == {1: "FileNotFoundError: test002.txt"}
    assert result.workloads[0].contenders == [
        ContenderResult(ContenderName("serial"), 0.1),
        ContenderResult(ContenderName("celery:gevent", 32, 3), 0.1, "it died"),
        ContenderResult(ContenderName("celery:solo"), left_out="no worker"),
    ]


def test_a_result_from_before_there_were_predictions_has_none(tmp_path: Path) -> None:
    plain: dict[str, Any] = to_plain(a_result({"serial": [1.0]}))
    del plain["predictions"]
    (tmp_path / "old.json").write_bytes(msgspec.json.encode(plain))

    assert load(tmp_path / "old.json").predictions == []


@pytest.mark.parametrize("data", [in_schema_1({"serial": "serial"}), in_schema_2(["serial"])])
def test_what_is_not_utf_8_is_refused(tmp_path: Path, data: bytes) -> None:
    assert b'"A processor"' in data
    (tmp_path / "old.json").write_bytes(data.replace(b'"A processor"', b'"A \xff"'))
    with pytest.raises(ResultError, match="is no result of simul"):
        load(tmp_path / "old.json")


@pytest.mark.parametrize("read", [from_schema_1, from_schema_2])
def test_what_only_claims_to_be_of_an_earlier_schema_is_refused(read: Callable[[bytes], Result]) -> None:
    with pytest.raises(msgspec.MsgspecError):
        read(b'{"workloads": [{"startups_s": [], "left_out": {}}], "runs": []}')


def test_what_was_no_name_in_schema_1_is_a_way() -> None:
    [run] = from_schema_1(in_schema_1({"serial": "somebody@else"})).runs
    assert run.contender == ContenderName("somebody@else")
