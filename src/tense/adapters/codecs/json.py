"""JSON by msgspec, with Pydantic models as guests wherever a struct works."""

import json
import math
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import msgspec
from typing_extensions import TypeVar

from tense.errors import UndecodableError, UnencodableError

T = TypeVar("T")

BROKEN = (
    msgspec.MsgspecError,
    ValueError,
    TypeError,
    RecursionError,
    OverflowError,
    MemoryError,
    ArithmeticError,
)

NEVER_NULL = (
    msgspec.inspect.StrType,
    msgspec.inspect.IntType,
    msgspec.inspect.BoolType,
    msgspec.inspect.BytesType,
    msgspec.inspect.DateTimeType,
    msgspec.inspect.UUIDType,
    msgspec.inspect.DecimalType,
    msgspec.inspect.StructType,
)
"""What is never written as null (a struct without fields is a leaf too)."""


class JsonCodec:
    """Bodies as JSON in UTF-8 (RFC 8259). Typed, tolerant of unknown fields, exact about everything else."""

    content_type = "application/json"

    def __init__(self) -> None:
        self._encoder = msgspec.json.Encoder(enc_hook=_to_plain)
        self._plain = msgspec.json.Decoder().decode
        self._decoders: dict[Any, Callable[[bytes | msgspec.Raw], Any]] = {}
        self._writers: dict[type, Callable[[Any], bytes]] = {}
        self._exact: set[Any] = set()
        """Classes of which all that is decoded is written anew, so that a key that stands twice is seen."""

    def encode(self, value: object) -> bytes:
        """The JSON of a value."""
        try:
            return (self._writers.get(type(value)) or self._writer(type(value)))(value)
        except BROKEN as error:
            text = f"{type(value).__name__} cannot be written as JSON: {error}"
            raise UnencodableError(text) from error

    def decode(self, body: bytes | msgspec.Raw, cls: type[T] | Any, *, strict: bool) -> T:
        """A value of a class from its JSON."""
        try:
            decoder = self._decoders[cls]
        except (KeyError, TypeError):
            decoder = self._decoder(cls)
        try:
            value: T = decoder(body)
            if strict and not (cls in self._exact and self._is_written_so(value, bytes(body))):
                self._refuse_ambiguity(bytes(body))
        except BROKEN as error:
            text = f"not a {getattr(cls, '__name__', cls)}: {_one_line(error)}"
            raise UndecodableError(text) from error
        return value

    def check(self, cls: type | Any) -> None:
        """Refuse a class that could never be encoded, by making its decoder now."""
        try:
            self._decoder(cls)
        except UndecodableError as error:
            raise UnencodableError(str(error)) from error

    def _refuse_ambiguity(self, body: bytes) -> None:
        """Bytes that are one for one what we would write ourselves have no key twice; others are looked through."""
        try:
            plain = self._plain(body)
        except BROKEN:
            refuse_ambiguity(body)
        else:
            if not self._is_written_so(plain, body):
                refuse_ambiguity(body)

    def _is_written_so(self, value: object, body: bytes) -> bool:
        try:
            return self._encoder.encode(value) == body
        except BROKEN:
            return False

    def _writer(self, cls: type) -> Callable[[Any], bytes]:
        if _is_pydantic(cls):
            writer: Callable[[Any], bytes] = _pydantic_bytes
        else:
            writer = self._bounded if _may_be_null(cls) else self._encoder.encode
        self._writers[cls] = writer
        return writer

    def _bounded(self, value: object) -> bytes:
        """The encoder writes NaN and infinity as null, which a reader could not tell from nothing."""
        body = self._encoder.encode(value)
        if b"null" in body:
            _refuse_boundless(msgspec.to_builtins(value, enc_hook=_to_plain))
        return body

    def _decoder(self, cls: Any) -> Callable[[bytes | msgspec.Raw], Any]:
        decoder: Callable[[bytes | msgspec.Raw], Any]
        try:
            if _is_pydantic(cls):
                decoder = partial(_read_pydantic, cls)
            else:
                _refuse_unwritable(cls)
                decoder = msgspec.json.Decoder(cls, dec_hook=_from_plain).decode
                if not _may_be_null(cls):
                    self._exact.add(cls)
            self._decoders[cls] = decoder
        except (TypeError, NameError) as error:
            text = f"{getattr(cls, '__qualname__', cls)} cannot be written as JSON: {_one_line(error)}"
            raise UndecodableError(text) from error
        return decoder


def _may_be_null(cls: type) -> bool:
    """Whether null may stand in the JSON of a class: where it may not, a reader refuses it."""
    try:
        return not all(isinstance(leaf, NEVER_NULL) for _, leaf in _leaves(msgspec.inspect.type_info(cls), ()))
    except (TypeError, NameError):
        return True


def _refuse_boundless(plain: Any) -> None:
    """Refuse NaN and infinity, wherever they are."""
    if isinstance(plain, float) and not math.isfinite(plain):
        text = f"{plain} is no JSON"
        raise ValueError(text)
    if isinstance(plain, (dict, list, tuple, set, frozenset)):
        for inner in plain.values() if isinstance(plain, dict) else plain:
            _refuse_boundless(inner)


def refuse_ambiguity(body: bytes) -> None:
    """Refuse what RFC 8259 leaves open and readers resolve differently: a key twice in one object.

    Raises:
        ValueError: naming the key.
    """
    json.loads(body, object_pairs_hook=_distinct, parse_constant=_no_constant, parse_int=str, parse_float=str)


def _distinct(pairs: list[tuple[str, Any]]) -> None:
    names = [name for name, _ in pairs]
    if len(set(names)) != len(names):
        twice = next(name for name in names if names.count(name) > 1)
        text = f"the key {twice!r} stands twice in one object"
        raise ValueError(text)


def _no_constant(name: str) -> None:
    text = f"{name} is no JSON"
    raise ValueError(text)


def _is_pydantic(cls: Any) -> bool:
    return isinstance(cls, type) and hasattr(cls, "model_validate_json")


def _read_pydantic(cls: Any, body: bytes | msgspec.Raw) -> Any:
    return cls.model_validate_json(bytes(body))


def _pydantic_bytes(value: Any) -> bytes:
    return str(value.model_dump_json()).encode()


def _to_plain(value: Any) -> Any:
    """What msgspec cannot write itself: Pydantic models within other values."""
    if isinstance(value, msgspec.Raw):
        return None  # JSON already; only asked for when a value is looked through for NaN
    if _is_pydantic(type(value)):
        return value.model_dump(mode="json")
    text = f"objects of type {type(value).__name__} cannot be encoded"
    raise TypeError(text)


def _from_plain(cls: type, plain: Any) -> Any:
    if _is_pydantic(cls):
        return cls.model_validate(plain)  # type: ignore[attr-defined]  # just checked
    if isinstance(plain, cls):
        return plain
    text = f"objects of type {cls.__name__} cannot be decoded"
    raise TypeError(text)


def _refuse_unwritable(cls: Any) -> None:
    """Find a field of a type that msgspec would hand to a hook which does not know it."""
    for path, leaf in _leaves(msgspec.inspect.type_info(cls), ()):
        if isinstance(leaf, msgspec.inspect.CustomType) and not _is_pydantic(leaf.cls):
            text = f"field {'.'.join(path) or '(itself)'} has the type {leaf.cls.__name__}, which JSON has no form for"
            raise TypeError(text)


def _leaves(
    info: msgspec.inspect.Type, path: tuple[str, ...], depth: int = 0
) -> Iterator[tuple[tuple[str, ...], msgspec.inspect.Type]]:
    """The types within a type that have none within themselves, with the fields that lead to them."""
    if depth > 16:  # noqa: PLR2004 - recursive types come round again
        yield path, msgspec.inspect.AnyType()
        return
    inner: list[tuple[str, Any]] = []
    for name in ("fields", "types", "item_types", "item_type", "key_type", "value_type"):
        part = getattr(info, name, None)
        if isinstance(part, tuple):
            inner += [(getattr(each, "name", ""), getattr(each, "type", each)) for each in part]
        elif isinstance(part, msgspec.inspect.Type):
            inner.append(("", part))
    if not inner:
        yield path, info
    for label, part in inner:
        yield from _leaves(part, (*path, label) if label else path, depth + 1)


def _one_line(error: BaseException) -> str:
    if isinstance(error, RecursionError):
        return "nested too deeply"
    return " ".join(str(error).split())[:500] or type(error).__name__
