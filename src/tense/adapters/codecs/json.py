"""JSON by msgspec, with Pydantic models as guests wherever a struct works."""

import json
import math
from collections.abc import Callable
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


class JsonCodec:
    """Bodies as JSON in UTF-8 (RFC 8259). Typed, tolerant of unknown fields, exact about everything else."""

    content_type = "application/json"

    def __init__(self) -> None:
        self._encoder = msgspec.json.Encoder(enc_hook=_to_plain)
        self._plain = msgspec.json.Decoder().decode
        self._decoders: dict[Any, Callable[[bytes], Any]] = {}
        self._guests: dict[type, bool] = {}

    def encode(self, value: object) -> bytes:
        """The JSON of a value."""
        try:
            cls = type(value)
            guest = self._guests.get(cls)
            if guest is None:
                guest = self._guests[cls] = _is_pydantic(cls)
            if guest:
                return _pydantic_bytes(value)
            body = self._encoder.encode(value)
            # The encoder writes NaN and infinity as null, which a reader could not tell from nothing.
            if b"null" in body:
                _refuse_boundless(msgspec.to_builtins(value, enc_hook=_to_plain))
        except BROKEN as error:
            text = f"{type(value).__name__} cannot be written as JSON: {error}"
            raise UnencodableError(text) from error
        return body

    def decode(self, body: bytes, cls: type[T] | Any, *, strict: bool) -> T:
        """A value of a class from its JSON."""
        try:
            decoder = self._decoders[cls]
        except (KeyError, TypeError):
            decoder = self._decoder(cls)
        try:
            if strict and not self._is_our_spelling(body):
                refuse_ambiguity(body)
            return decoder(body)  # type: ignore[no-any-return]  # the decoder was made for cls
        except BROKEN as error:
            text = f"not a {getattr(cls, '__name__', cls)}: {_one_line(error)}"
            raise UndecodableError(text) from error

    def check(self, cls: type | Any) -> None:
        """Refuse a class that could never be encoded, by making its decoder now."""
        try:
            self._decoder(cls)
        except UndecodableError as error:
            raise UnencodableError(str(error)) from error

    def _is_our_spelling(self, body: bytes) -> bool:
        """Whether these are, byte for byte, what we would write ourselves: then no key stands twice in them."""
        try:
            return self._encoder.encode(self._plain(body)) == body
        except BROKEN:
            return False

    def _decoder(self, cls: Any) -> Callable[[bytes], Any]:
        decoder: Callable[[bytes], Any]
        try:
            if _is_pydantic(cls):
                decoder = cls.model_validate_json
            else:
                _refuse_unwritable(cls)
                decoder = msgspec.json.Decoder(cls, dec_hook=_from_plain).decode
            self._decoders[cls] = decoder
        except (TypeError, NameError) as error:
            text = f"{getattr(cls, '__qualname__', cls)} cannot be written as JSON: {_one_line(error)}"
            raise UndecodableError(text) from error
        return decoder


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
    for path, kind in _custom_types(msgspec.inspect.type_info(cls), ()):
        if not _is_pydantic(kind):
            text = f"field {'.'.join(path) or '(itself)'} has the type {kind.__name__}, which JSON has no form for"
            raise TypeError(text)


def _custom_types(
    info: msgspec.inspect.Type, path: tuple[str, ...], depth: int = 0
) -> list[tuple[tuple[str, ...], type]]:
    if depth > 16:  # noqa: PLR2004 - recursive types come round again
        return []
    if isinstance(info, msgspec.inspect.CustomType):
        return [(path, info.cls)]
    inner: list[tuple[str, Any]] = []
    for name in ("fields", "types", "item_types", "item_type", "key_type", "value_type"):
        part = getattr(info, name, None)
        if isinstance(part, tuple):
            inner += [(getattr(each, "name", ""), getattr(each, "type", each)) for each in part]
        elif isinstance(part, msgspec.inspect.Type):
            inner.append(("", part))
    found: list[tuple[tuple[str, ...], type]] = []
    for label, part in inner:
        found += _custom_types(part, (*path, label) if label else path, depth + 1)
    return found


def _one_line(error: BaseException) -> str:
    if isinstance(error, RecursionError):
        return "nested too deeply"
    return " ".join(str(error).split())[:500] or type(error).__name__
