"""Reads the result files of earlier versions as this version would have written them."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import msgspec

from producer.contender_name import ContenderName
from producer.results.model import SCHEMA, Result


class _Run(msgspec.Struct):
    contender: str


class _Workload(msgspec.Struct):
    startups_s: dict[str, Any]
    left_out: dict[str, Any]


class _Schema1(msgspec.Struct):
    """What has changed since: a contender was a text, its workers stood before its slots.

    `pythons` was called `interpreters`.
    """

    runs: list[_Run]
    workloads: list[_Workload]


def from_schema_1(data: bytes) -> Result:
    """Read a result of schema 1.

    Raises:
        msgspec.MsgspecError: there is none.
    """
    texts = msgspec.json.decode(data, type=_Schema1)
    plain: dict[str, Any] = msgspec.json.decode(data)
    for run, text in zip(plain["runs"], texts.runs, strict=True):
        run["contender"] = _name(text.contender)
    for workload, names in zip(plain["workloads"], texts.workloads, strict=True):
        workload["startups_s"] = {str(_name(name)): value for name, value in names.startups_s.items()}
        workload["left_out"] = {str(_name(name)): value for name, value in names.left_out.items()}
    pythons = plain.pop("interpreters", [])
    return msgspec.convert({**plain, "pythons": pythons, "schema": SCHEMA}, Result)


def _name(text: str) -> ContenderName:
    """A name of schema 1, in which three workers of 32 slots each were written `@3x32`."""
    try:
        name = ContenderName.parse(text)
    except ValueError:
        return ContenderName(text)
    if name.slots is None or not re.search(r"@\d+x\d+", text):
        return name
    return replace(name, slots=name.workers, workers=name.slots)
