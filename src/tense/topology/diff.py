"""What changed between two topologies, judged by kind: who breaks, and who does not."""

from collections.abc import Callable, Iterable, Iterator
from typing import Literal

from tense.rules.meaning.graph import Field, Message, Place, Topology, Value

Weight = Literal["breaking", "risky", "safe"]
"""`breaking`: somebody who works today fails. `risky`: it may be meant, and somebody should know. `safe`: neither."""

Change = Literal[
    "service added",
    "service removed",
    "message added",
    "message removed",
    "kind changed",
    "moved",
    "handler lost",
    "handler changed",
    "second handler",
    "subscriber added",
    "subscriber lost",
    "last subscriber lost",
    "publisher added",
    "field added",
    "field removed",
    "field changed",
    "rejection added",
    "rejection removed",
    "result changed",
    "address changed",
]
"""What can change."""


class Changed(Value, frozen=True, kw_only=True):
    """One change: what, of which message or service, how grave, whom it concerns and in one sentence why."""

    what: Change
    subject: str
    weight: Weight
    text: str
    concerns: tuple[str, ...] = ()
    place: Place | None = None


class Changes(Value, frozen=True, kw_only=True):
    """All changes, the gravest first."""

    changes: tuple[Changed, ...] = ()

    @property
    def is_breaking(self) -> bool:
        """Tell whether somebody breaks."""
        return any(one.weight == "breaking" for one in self.changes)


def diff(old: Topology, new: Topology) -> Changes:
    """Return what changed from one topology to the next."""
    found = [*_services(old, new), *_messages(_Side(old), _Side(new))]
    order = {"breaking": 0, "risky": 1, "safe": 2}
    return Changes(changes=tuple(sorted(found, key=lambda one: (order[one.weight], one.subject, one.what))))


class _Side:
    """One of the two topologies, looked up by message."""

    def __init__(self, topology: Topology) -> None:
        self.messages = {message.name: message for message in topology.messages}
        self.senders: dict[str, tuple[str, ...]] = {}
        self.receivers: dict[str, tuple[str, ...]] = {}
        self.handlers: dict[str, tuple[str, ...]] = {}
        for said in topology.sayings:
            if said.verb != "reply":
                self.senders[said.message] = _with(self.senders.get(said.message, ()), said.service)
        for one in topology.handlings:
            self.receivers[one.message] = _with(self.receivers.get(one.message, ()), one.service)
            name = f"{one.service}: {one.name}"
            self.handlers[one.message] = _with(self.handlers.get(one.message, ()), name)


def _with(names: tuple[str, ...], name: str) -> tuple[str, ...]:
    return names if name in names else (*names, name)


def _services(old: Topology, new: Topology) -> Iterator[Changed]:
    before = {one.name: one for one in old.services}
    after = {one.name: one for one in new.services}
    for name in after.keys() - before.keys():
        yield Changed(what="service added", subject=name, weight="safe", text="is new.", place=after[name].place)
    for name in before.keys() - after.keys():
        text = "is gone; what it handled and said is listed by message."
        yield Changed(what="service removed", subject=name, weight="risky", text=text, place=before[name].place)


def _messages(old: _Side, new: _Side) -> Iterator[Changed]:
    for name, message in new.messages.items():
        if name not in old.messages:
            yield _changed("message added", message, "safe", f"is a new {_noun(message)}.")
    for name, before in old.messages.items():
        after = new.messages.get(name)
        if after is None:
            yield _removed(before, old)
            continue
        for compare in _COMPARISONS:
            yield from compare(before, after, old, new)


def _removed(message: Message, old: _Side) -> Changed:
    """Judge a message that is gone: a command breaks its senders, an event its subscribers."""
    is_command = message.kind in {"command", "query"}
    others = old.senders if is_command else old.receivers
    concerned = tuple(name for name in others.get(message.name, ()) if name != message.owner)
    if not concerned:
        text = f"was removed; nobody {'sent' if is_command else 'heard'} it."
        return _changed("message removed", message, "safe" if message.name in others else "risky", text)
    verb = "still send" if is_command else "wait for"
    text = f"was removed; {_names(concerned)} {verb} it."
    return _changed("message removed", message, "breaking", text, concerned)


def _kind(before: Message, after: Message, _old: _Side, new: _Side) -> Iterator[Changed]:
    if before.kind != after.kind and "unknown" not in {before.kind, after.kind}:
        concerned = tuple(dict.fromkeys((*new.senders.get(after.name, ()), *new.receivers.get(after.name, ()))))
        text = f"was {_article(before.kind)} and is now {_article(after.kind)}: who says it must say it otherwise."
        yield _changed("kind changed", after, "breaking", text, concerned)


def _owner(before: Message, after: Message, old: _Side, new: _Side) -> Iterator[Changed]:
    if before.owner and after.owner and before.owner != after.owner:
        concerned = tuple(dict.fromkeys((*old.senders.get(after.name, ()), *new.receivers.get(after.name, ()))))
        yield _changed("moved", after, "risky", f"moved from {before.owner} to {after.owner}.", concerned)


def _receivers(_before: Message, after: Message, old: _Side, new: _Side) -> Iterator[Changed]:
    """Judge who receives: a command needs exactly one handler, an event any number of subscribers."""
    was, now = old.receivers.get(after.name, ()), new.receivers.get(after.name, ())
    gone, come = [one for one in was if one not in now], [one for one in now if one not in was]
    if after.kind in {"command", "query"}:
        yield from _handlers(after, old, new)
        return
    for name in come:
        yield _changed("subscriber added", after, "safe", f"is now heard by {name}.", (name,))
    if was and not now:
        yield _changed("last subscriber lost", after, "risky", f"lost its last subscriber, {_names(was)}.", was)
        return
    for name in gone:
        yield _changed("subscriber lost", after, "safe", f"is no longer heard by {name}.", (name,))


def _handlers(after: Message, old: _Side, new: _Side) -> Iterator[Changed]:
    was, now = old.handlers.get(after.name, ()), new.handlers.get(after.name, ())
    senders = new.senders.get(after.name, ())
    if len(now) > 1 and len(was) <= 1:
        text = f"got a second handler: {_names(now)}. A command has exactly one."
        yield _changed("second handler", after, "breaking", text, now)
    elif was and not now:
        weight: Weight = "breaking" if senders else "risky"
        text = f"lost its handler, {_names(was)}" + (f"; {_names(senders)} still send it." if senders else ".")
        yield _changed("handler lost", after, weight, text, senders)
    elif was and now and _owners(was) != _owners(now):
        text = f"is now handled by {_names(now)} and no longer by {_names(was)}."
        yield _changed("handler changed", after, "risky", text, senders)


def _owners(handlers: Iterable[str]) -> set[str]:
    return {name.partition(": ")[0] for name in handlers}


def _publishers(_before: Message, after: Message, old: _Side, new: _Side) -> Iterator[Changed]:
    was, now = old.senders.get(after.name, ()), new.senders.get(after.name, ())
    if after.kind == "event" and was:
        for name in now:
            if name not in was:
                text = f"is now also published by {name}. An event has one publisher."
                yield _changed("publisher added", after, "risky", text, (name,))


def _fields(before: Message, after: Message, old: _Side, new: _Side) -> Iterator[Changed]:
    """Judge fields: a command's sender writes them, an event's subscriber reads them."""
    if before.fields is None or after.fields is None:
        return
    was, now = {one.name: one for one in before.fields}, {one.name: one for one in after.fields}
    is_command = after.kind in {"command", "query"}
    writers = tuple(dict.fromkeys((*old.senders.get(after.name, ()), *new.senders.get(after.name, ()))))
    readers = new.receivers.get(after.name, ())
    concerned = writers if is_command else readers
    for name in now.keys() - was.keys():
        yield _added(after, now[name], concerned, is_command=is_command)
    for name in was.keys() - now.keys():
        yield _dropped(after, was[name], concerned, is_command=is_command)
    for name in was.keys() & now.keys():
        yield from _altered(after, was[name], now[name], concerned, is_command=is_command)


def _added(message: Message, field: Field, concerned: tuple[str, ...], *, is_command: bool) -> Changed:
    if is_command and field.required:
        text = f"requires {field.name}, which its old senders do not give."
        return _changed("field added", message, "breaking", text, concerned, field.place)
    return _changed("field added", message, "safe", f"has the new field {field.name}.", (), field.place)


def _dropped(message: Message, field: Field, concerned: tuple[str, ...], *, is_command: bool) -> Changed:
    if is_command:
        text = f"no longer takes {field.name}; what old senders give is not read."
        return _changed("field removed", message, "risky", text, concerned, field.place)
    weight: Weight = "breaking" if concerned else "risky"
    text = f"no longer has {field.name}, which its subscribers may read."
    return _changed("field removed", message, weight, text, concerned, field.place)


def _altered(
    message: Message, was: Field, now: Field, concerned: tuple[str, ...], *, is_command: bool
) -> Iterator[Changed]:
    if was.type != now.type and "unknown" not in {was.type, now.type}:
        text = f"has {now.name} as {now.type}; it was {was.type}."
        yield _changed("field changed", message, "breaking", text, concerned, now.place)
    if was.required != now.required:
        stricter = now.required if is_command else not now.required
        must = "now required" if now.required else "now optional"
        reason = "old senders may leave it out" if is_command else "subscribers may rely on it"
        text = f"has {now.name} {must}" + (f"; {reason}." if stricter else ".")
        yield _changed("field changed", message, "breaking" if stricter else "safe", text, concerned, now.place)


def _answers(before: Message, after: Message, _old: _Side, new: _Side) -> Iterator[Changed]:
    senders = new.senders.get(after.name, ())
    for name in after.rejections:
        if name not in before.rejections:
            yield _changed("rejection added", after, "risky", f"may now be refused with {name}.", senders)
    for name in before.rejections:
        if name not in after.rejections:
            yield _changed("rejection removed", after, "safe", f"is no longer refused with {name}.", senders)
    if before.result and after.result and before.result != after.result:
        text = f"answers with {after.result}; it was {before.result}."
        yield _changed("result changed", after, "breaking", text, senders)


def _addresses(before: Message, after: Message, old: _Side, _new: _Side) -> Iterator[Changed]:
    """Judge where a message goes: who sends to or listens at the old address is alone there."""
    gone = [name for name in before.channels if name not in after.channels]
    if not gone or not after.channels:
        return
    concerned = tuple(dict.fromkeys((*old.senders.get(after.name, ()), *old.receivers.get(after.name, ()))))
    text = f"left {_names(gone)}; it is now on {_names(after.channels)}."
    yield _changed("address changed", after, "breaking", text, concerned)


_Compare = Callable[[Message, Message, _Side, _Side], Iterator[Changed]]
_COMPARISONS: tuple[_Compare, ...] = (_kind, _owner, _receivers, _publishers, _fields, _answers, _addresses)


def _changed(  # the fields of a change, in the order of the sentence
    what: Change,
    message: Message,
    weight: Weight,
    text: str,
    concerns: tuple[str, ...] = (),
    place: Place | None = None,
) -> Changed:
    at = place or message.place
    return Changed(what=what, subject=message.name, weight=weight, text=text, concerns=concerns, place=at)


def _noun(message: Message) -> str:
    return message.kind if message.kind != "unknown" else "message"


def _article(kind: str) -> str:
    return f"an {kind}" if kind[0] in "aeiou" else f"a {kind}"


def _names(names: Iterable[str]) -> str:
    every = list(names)
    return every[0] if len(every) == 1 else f"{', '.join(every[:-1])} and {every[-1]}" if every else "nobody"
