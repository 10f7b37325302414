"""Children: ids and deadlines of commands executed by a handler."""

from hashlib import sha256
from uuid import UUID


def child_id(parent: str, ordinal: int, wire_name: str) -> str:
    """The id of the `ordinal`-th command (from 0) that a handler of `parent` executes.

    Derived and not made, so that a retried parent asks for the same child and gets its first outcome. UUIDv8 (RFC 9562,
    section 5.8) over SHA-256.
    """
    digest = bytearray(sha256(f"{parent}\n{ordinal}\n{wire_name}".encode()).digest()[:16])
    digest[6] = (digest[6] & 0x0F) | 0x80
    digest[8] = (digest[8] & 0x3F) | 0x80
    return str(UUID(bytes=bytes(digest)))


def child_deadline(now: float, own: float | None, parent: float | None, limit: float | None) -> float | None:
    """The deadline of a child: the earliest of its own, its parent's and the end of its parent's time-out."""
    moments = [moment for moment in (own, parent, None if limit is None else now + limit) if moment is not None]
    return min(moments, default=None)


def heard_id(command_id: str, redriven: int) -> str:
    """The id under which the outcome of a command is told to its sender; told anew after a redrive."""
    return f"{command_id}/concluded/{redriven}"
