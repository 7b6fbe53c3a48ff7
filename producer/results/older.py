"""Reads the result files of earlier versions as this version would have written them.

What has changed since schema 1: a contender was a text, and its workers stood before its slots; `pythons`
was called `interpreters`. Since schema 2: a workload had its contenders' starts, and why some were left out,
by their texts.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any, TypeAlias

import msgspec

from producer.contender_name import ContenderName
from producer.ranges import Seconds
from producer.results.model import SCHEMA, ContenderResult, Result

_Name: TypeAlias = Callable[[str], ContenderName]


class _Run(msgspec.Struct):
    contender: str


class _Workload(msgspec.Struct):
    startups_s: dict[str, Seconds]
    left_out: dict[str, str]


class _Workloads(msgspec.Struct):
    workloads: list[_Workload]


class _Schema1(_Workloads):
    runs: list[_Run]


def from_schema_1(data: bytes) -> Result:
    """Read a result of schema 1.

    Raises:
        msgspec.MsgspecError: there is none.
    """
    texts = msgspec.json.decode(data, type=_Schema1)
    plain: dict[str, Any] = msgspec.json.decode(data)
    for run, text in zip(plain["runs"], texts.runs, strict=True):
        run["contender"] = _name_of_schema_1(text.contender)
    plain["pythons"] = plain.pop("interpreters", [])
    return _convert(plain, texts.workloads, _name_of_schema_1)


def from_schema_2(data: bytes) -> Result:
    """Read a result of schema 2.

    Raises:
        msgspec.MsgspecError: there is none.
    """
    texts = msgspec.json.decode(data, type=_Workloads)
    return _convert(msgspec.json.decode(data), texts.workloads, _name)


def _convert(plain: dict[str, Any], texts: list[_Workload], read_name: _Name) -> Result:
    for workload, text in zip(plain["workloads"], texts, strict=True):
        workload["contenders"] = [
            ContenderResult(read_name(name), text.startups_s.get(name), text.left_out.get(name))
            for name in text.startups_s | text.left_out
        ]
    return msgspec.convert({**plain, "schema": SCHEMA}, Result, str_keys=True)


def _name(text: str) -> ContenderName:
    try:
        return ContenderName.parse(text)
    except ValueError:
        return ContenderName(text)


def _name_of_schema_1(text: str) -> ContenderName:
    """Read a name in which three workers of 32 slots each were written `@3x32`."""
    name = _name(text)
    if name.slots is None or not re.search(r"@\d+x\d+", text):
        return name
    return replace(name, slots=name.workers, workers=name.slots)
