"""Messages of the server's protocol for statements that go ahead of another, in one packet with it.

The driver waits for the answer to each statement. These are Parse, Bind and Execute without a Sync: the server does what
they say, and answers when the driver's own statement comes behind them. If one fails, it skips all until that one's Sync.
PostgreSQL's manual, "Message Formats"; values are in text format, as "Array Input and Output Syntax" has it.
"""

import struct
from collections.abc import Sequence
from functools import lru_cache
from typing import TypeAlias

Scalar: TypeAlias = str | int | float | bytes | None
Value: TypeAlias = Scalar | Sequence[Scalar]
"""A parameter: an array is of one dimension."""

EXECUTE = b"E" + struct.pack(">i", 9) + bytes(5)
"""The unnamed portal, all rows."""


@lru_cache(maxsize=64)
def unprepared(words: str) -> bytes:
    """A statement without parameters."""
    parse = b"\0" + words.encode() + b"\0\0\0"
    return _message(b"P", parse) + _message(b"B", bytes(8)) + EXECUTE


def prepared(name: str, values: Sequence[Value]) -> bytes:
    """A statement that the server knows by this name, with values for its parameters."""
    parts = [b"\0", name.encode(), b"\0\0\0", struct.pack(">h", len(values))]
    for value in values:
        text = None if value is None else _text(value).encode()
        parts.append(struct.pack(">i", -1) if text is None else struct.pack(">i", len(text)) + text)
    parts.append(bytes(2))
    return _message(b"B", b"".join(parts)) + EXECUTE


def _text(value: Value) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, bytes):
        return f"\\x{value.hex()}"
    if isinstance(value, Sequence):
        return f"{{{','.join([_element(one) for one in value])}}}"
    return repr(value)


def _element(value: Scalar) -> str:
    if value is None:
        return "NULL"
    if isinstance(value, (str, bytes)):
        escaped = _text(value).replace("\\", "\\\\").replace('"', '\\"')
        return f'"{escaped}"'
    return repr(value)


def _message(kind: bytes, body: bytes) -> bytes:
    return kind + struct.pack(">i", len(body) + 4) + body
