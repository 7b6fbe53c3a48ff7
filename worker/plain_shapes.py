"""Declares shapes of JSON values, and writes them, where msgspec has no build for this Python (see `shapes`).

What is declared here has the names and the meaning that it has in msgspec. `plain_reading` reads it.
"""

from __future__ import annotations

import json
from copy import copy
from dataclasses import dataclass, fields
from typing import Any


class ValidationError(ValueError):
    """A value has not the shape that it should have; the text says where, as in "at `$.files[0]`"."""

    def __init__(self, why: str, where: str = "") -> None:
        super().__init__(f"{why} - at `${where}`" if where else why)
        self._why, self._where = why, where

    def below(self, step: str) -> ValidationError:
        """Return the error of the value that holds this one, one step further up."""
        return ValidationError(self._why, step + self._where)


@dataclass(frozen=True, slots=True)
class Meta:
    """Limits of a text (its length, a regular expression) or of a list (its length)."""

    max_length: int | None = None
    pattern: str | None = None


class Struct:
    """An object with the fields that a class below this one annotates.

    `forbid_unknown_fields`: it has no others; else they are dropped.
    """

    forbid_unknown_fields = False

    def __init_subclass__(cls, forbid_unknown_fields: bool = False) -> None:
        cls.forbid_unknown_fields = forbid_unknown_fields

    def __init__(self, **given: Any) -> None:
        for name in type(self).__annotations__:
            # A list or a dict that is a default is each object's own.
            setattr(self, name, given[name] if name in given else copy(getattr(type(self), name)))
        self.__post_init__()

    def __post_init__(self) -> None:
        """Check what concerns more than one field, with a ValueError."""


def encode(value: Any) -> bytes:
    """Write a value of plain JSON types, and of dataclasses, as JSON.

    Raises:
        ValueError: there is a number in it that is none, or a text that is not Unicode.
    """
    text = json.dumps(value, default=_fields, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    return text.encode()


def asdict(value: Struct) -> dict[str, Any]:
    """Return the fields of an object by their names, as they are."""
    return vars(value).copy()


def to_builtins(value: Struct) -> dict[str, Any]:
    """Return the fields of an object by their names, and those of objects in it, too."""
    return {
        name: to_builtins(held) if isinstance(held, Struct) else held for name, held in vars(value).items()
    }


def _fields(value: Any) -> dict[str, Any]:
    return {field.name: getattr(value, field.name) for field in fields(value)}
