"""Payloads as they come: bytes of a file, opened step by step. What cannot be used says why."""

import json
import re
from typing import Any, TypeVar

import msgspec

T = TypeVar("T")

LARGEST = 25 * 1024 * 1024
"""Bytes of the largest payload GitHub sends."""

WORD = re.compile(r"[a-z][a-z0-9_]{0,63}")


class Unusable(Exception):  # noqa: N818 - an answer about a file, with a reason that is counted
    """A file that becomes no command. `reason` is one of a few words to count by, `detail` is for people."""

    def __init__(self, reason: str, detail: str) -> None:
        self.reason = reason
        self.detail = printable(detail)
        super().__init__(f"{reason}: {self.detail}")


class Account(msgspec.Struct, frozen=True):
    """Whoever has a login; an enterprise has a slug."""

    login: str = ""
    slug: str = ""

    @property
    def name(self) -> str:
        return self.login or self.slug


class Repository(msgspec.Struct, frozen=True):
    full_name: str


class Holder(msgspec.Struct, frozen=True):
    """What belongs to an account: an installation, a purchase, a sponsorship."""

    account: Account | None = None
    sponsorable: Account | None = None

    @property
    def owner(self) -> Account | None:
        return self.account or self.sponsorable


class Payload:
    """One webhook: its event's name, and the parts of its body, each decoded when it is asked for.

    Raises:
        Unusable: the body is no JSON object, or one that readers would understand differently.
    """

    def __init__(self, event: str, body: bytes) -> None:
        self.event = event
        if not body.strip():
            raise Unusable("empty", "there is nothing in it")
        try:
            whole = json.loads(body.decode("utf-8-sig"), object_pairs_hook=_distinct, parse_constant=_no_constant)
            if not isinstance(whole, dict):
                raise Unusable("not-an-object", f"the outermost value is {type(whole).__name__}, not an object")
            self._parts: dict[str, Any] = whole
        except RecursionError:
            raise Unusable("not-json", "nested too deeply") from None
        except ValueError as error:
            raise Unusable("not-json", str(error)) from None

    def part(self, name: str, kind: type[T]) -> T:
        """A part that must be there.

        Raises:
            Unusable: it is not, or has another shape.
        """
        if self._parts.get(name) is None:
            raise Unusable("unusable", f"{self.event} has no {name!r}")
        return self._decoded(name, kind)

    def maybe(self, name: str, kind: type[T]) -> T | None:
        """A part that may be missing or null.

        Raises:
            Unusable: it is there with another shape.
        """
        return None if self._parts.get(name) is None else self._decoded(name, kind)

    @property
    def action(self) -> str:
        """What was done, in GitHub's word; empty for events that have only one.

        Raises:
            Unusable: it is no word.
        """
        action = self.maybe("action", str) or ""
        if action and not WORD.fullmatch(action):
            raise Unusable("unusable", f"the action {action[:40]!r} is no word")
        return action

    @property
    def needed_action(self) -> str:
        """The action, of an event that must have one.

        Raises:
            Unusable: it has none.
        """
        if not self.action:
            raise Unusable("unusable", f"{self.event} has no 'action'")
        return self.action

    @property
    def repository(self) -> str:
        """The full name of the repository, of an event that must have one.

        Raises:
            Unusable: it has none.
        """
        return self.part("repository", Repository).full_name

    @property
    def place(self) -> str:
        """The repository or, where there is none, the account it is about.

        Raises:
            Unusable: it is about nothing.
        """
        if (found := self.maybe("repository", Repository)) is not None:
            return found.full_name
        for name in ("organization", "enterprise", "account"):
            if (owner := self.maybe(name, Account)) is not None and owner.name:
                return owner.name
        for name in ("installation", "sponsorship", "marketplace_purchase"):
            holder = self.maybe(name, Holder)
            if holder is not None and holder.owner is not None and holder.owner.name:
                return holder.owner.name
        if self.by:
            return self.by
        raise Unusable("unusable", f"{self.event} names no repository and no account")

    @property
    def by(self) -> str:
        """Who did it; empty when GitHub does not say."""
        sender = self.maybe("sender", Account)
        return "" if sender is None else sender.name

    def _decoded(self, name: str, kind: type[T]) -> T:
        try:
            return msgspec.convert(self._parts[name], kind)
        except (msgspec.ValidationError, UnicodeError) as error:  # half a character is JSON, and no text
            raise Unusable("unusable", f"{self.event}: {name!r}: {error}") from None


def printable(text: str) -> str:
    """Text that can be written anywhere: names of files and broken payloads may hold halves of characters."""
    return text.encode("utf-8", "backslashreplace").decode()


def _distinct(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise Unusable("ambiguous", f"the key {twice!r} stands twice in one object")
    return found


def _no_constant(name: str) -> None:
    raise Unusable("not-json", f"{name} is no JSON")
