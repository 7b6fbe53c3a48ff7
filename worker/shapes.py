"""Declares what a message must look like, checks it, and writes records as JSON.

msgspec does that, in C. Where it has no build for a Python, as for a free-threaded 3.13, `plain_shapes` and
`plain_reading` do the same in Python: workers run there, too, and take some 30 µs more for a message.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from msgspec import Meta, Struct, ValidationError, convert, to_builtins
    from msgspec.json import encode
    from msgspec.structs import asdict
else:
    try:
        from msgspec import Meta, Struct, ValidationError, convert, to_builtins
        from msgspec.json import encode
        from msgspec.structs import asdict
    except ImportError:
        from worker.plain_reading import convert
        from worker.plain_shapes import Meta, Struct, ValidationError, asdict, encode, to_builtins

__all__ = ["Meta", "Struct", "ValidationError", "asdict", "convert", "encode", "to_builtins"]
