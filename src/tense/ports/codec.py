"""Codec: from a message to bytes and back."""

from typing import Any, Protocol

from typing_extensions import TypeVar

T = TypeVar("T")


class Codec(Protocol):
    """Encodes and decodes the bodies of messages, results and rejections. Pure and safe for any bytes."""

    content_type: str

    def encode(self, value: object) -> bytes:
        """The bytes of a message, a result or the fields of a rejection.

        Raises:
            UnencodableError: it has content this codec cannot write.
        """
        ...

    def decode(self, body: bytes, cls: type[T] | Any, *, strict: bool) -> T:
        """A value of a class from its bytes; unknown fields are ignored.

        `strict` also refuses what the format calls ambiguous (in JSON: a key twice). Bytes from the same process's
        encoder need not be checked again.

        Raises:
            UndecodableError: the bytes are not such a value. No other error, however broken they are.
        """
        ...

    def check(self, cls: type | Any) -> None:
        """Refuse a class that this codec could never encode.

        Raises:
            UnencodableError: it says which field and why.
        """
        ...
