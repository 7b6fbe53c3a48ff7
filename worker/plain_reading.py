"""Reads plain JSON values into declared shapes, where msgspec has no build for this Python (see `shapes`).

It takes and refuses what `msgspec.convert` does, in the same words; a test holds the two side by side. A
shape is a dataclass, a `Struct`, None, bool, int, float, str, a list, dict or tuple of shapes, or a union of
them, with or without limits (`Meta`). Each is turned into functions once, by the kind of value.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import MISSING, Field, fields, is_dataclass
from decimal import Decimal
from types import NoneType, UnionType
from typing import Annotated, Any, Union, get_args, get_origin, get_type_hints

from worker.plain_shapes import Struct, ValidationError

#: Reads a value of one kind, or of any.
Read = Callable[[Any], Any]

#: What JSON calls the kinds of value, in the order in which an error names them.
_KINDS = {
    bool: "bool",
    int: "int",
    float: "float",
    str: "str",
    dict: "object",
    list: "array",
    NoneType: "null",
}
_ORDER = tuple(_KINDS.values())
_KIND_OF = {**_KINDS, tuple: "array"}


def convert(value: Any, shape: Any) -> Any:
    """Read a value of plain JSON types into a shape.

    Raises:
        ValidationError: it has another shape.
        Exception: what `__post_init__` raises, but for a ValueError or a TypeError.
    """
    return _reader(shape)(value)


@functools.cache
def _reader(shape: Any) -> Read:
    """Make the function that reads values of any kind into a shape."""
    if shape is Any:
        return _as_it_is
    readers = _readers(shape)
    expected = " | ".join(kind for kind in _ORDER if kind in set(_named(readers)))

    def read(value: Any) -> Any:
        kind = _KIND_OF.get(type(value)) or type(value).__name__.lower()
        reader = readers.get(kind)
        if reader is None:
            raise ValidationError(f"Expected `{expected}`, got `{kind}`")
        return reader(value)

    return read


def _named(readers: dict[str, Read]) -> Iterable[str]:
    # A float is read from what is no float to JSON, too.
    return (kind for kind, reader in readers.items() if reader is not _to_float or kind == "float")


def _readers(shape: Any) -> dict[str, Read]:
    """Make the functions that read the kinds of value which a shape can be made of."""
    if shape is float:
        return dict.fromkeys(("float", "int", "decimal"), _to_float)
    shape = NoneType if shape is None else shape
    if shape in _KINDS:
        return {_KINDS[shape]: _as_it_is}
    if is_dataclass(shape):
        required = [field.name for field in fields(shape) if _is_required(field)]
        return {"object": _object(shape, required, closed=False)}
    if isinstance(shape, type) and issubclass(shape, Struct):
        required = [name for name in shape.__annotations__ if not hasattr(shape, name)]
        return {"object": _object(shape, required, shape.forbid_unknown_fields)}
    if isinstance(shape, type) and issubclass(shape, tuple):  # a named one
        hints = get_type_hints(shape, include_extras=True)
        return {"array": _row(map(_reader, hints.values()), lambda items: shape(*items))}
    arguments = get_args(shape)
    match get_origin(shape):
        case origin if origin in (Union, UnionType):
            merged: dict[str, Read] = {}
            for member in sorted(
                arguments, key=_is_int
            ):  # an int last: it is one, where a float would do, too
                merged |= _readers(member)
            return merged
        case origin if origin is Annotated:
            inner, limits = arguments
            return {kind: _limited(read, kind, limits) for kind, read in _readers(inner).items()}
        case origin if origin is list:
            return {"array": _array(_reader(arguments[0]), list)}
        case origin if origin is tuple and arguments[1:] == (...,):
            return {"array": _array(_reader(arguments[0]), tuple)}
        case origin if origin is tuple:
            return {"array": _row(map(_reader, arguments), tuple)}
        case origin if origin is dict:
            return {"object": _mapping(_reader(arguments[1]))}
    raise TypeError(f"no shape that can be read: {shape}")


def _is_int(shape: Any) -> bool:
    return shape is int


def _as_it_is(value: Any) -> Any:
    return value


def _to_float(value: float | Decimal) -> float:
    try:
        return float(value)
    except OverflowError:
        raise ValidationError("Number out of range") from None


def _limited(read: Read, kind: str, limits: Any) -> Read:
    matches = re.compile(limits.pattern).search if limits.pattern else None

    def read_limited(value: Any) -> Any:
        if limits.max_length is not None and len(value) > limits.max_length:
            raise ValidationError(f"Expected `{kind}` of length <= {limits.max_length}")
        if matches and not matches(value):
            raise ValidationError(f"Expected `{kind}` matching regex {limits.pattern!r}")
        return read(value)

    return read_limited


def _array(read_item: Read, make: Callable[[list[Any]], Any]) -> Read:
    def read(value: Any) -> Any:
        items: list[Any] = []
        try:
            for item in value:
                items.append(read_item(item))
        except ValidationError as error:
            raise error.below(f"[{len(items)}]") from None
        return make(items)

    return read


def _row(readers: Iterable[Read], make: Callable[[list[Any]], Any]) -> Read:
    read_items = tuple(readers)

    def read(value: Any) -> Any:
        if len(value) != len(read_items):
            raise ValidationError(f"Expected `array` of length {len(read_items)}, got {len(value)}")
        items: list[Any] = []
        try:
            for read_item, item in zip(read_items, value, strict=True):
                items.append(read_item(item))
        except ValidationError as error:
            raise error.below(f"[{len(items)}]") from None
        return make(items)

    return read


def _mapping(read_value: Read) -> Read:
    def read(value: Any) -> dict[str, Any]:
        try:
            return {name: read_value(item) for name, item in value.items()}
        except ValidationError as error:
            raise error.below("[...]") from None

    return read


def _object(shape: Any, required: Sequence[str], closed: bool) -> Read:
    """Make the function that reads an object; a `closed` one has no other fields."""
    readers = {name: _reader(hint) for name, hint in get_type_hints(shape, include_extras=True).items()}

    def read(value: Any) -> Any:
        given = {}
        for name, held in value.items():
            if name in readers:
                try:
                    given[name] = readers[name](held)
                except ValidationError as error:
                    raise error.below(f".{name}") from None
            elif closed:
                raise ValidationError(f"Object contains unknown field `{name}`")
        if missing := next((name for name in required if name not in given), None):
            raise ValidationError(f"Object missing required field `{missing}`")
        try:
            return shape(**given)
        except (ValueError, TypeError) as error:
            raise ValidationError(str(error)) from error

    return read


def _is_required(field: Field[Any]) -> bool:
    return field.default is MISSING and field.default_factory is MISSING
