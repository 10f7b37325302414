"""What both major versions say alike: names, kinds and what a channel's bindings tell."""

import re
from collections.abc import Iterable

import msgspec

from tense.rules.meaning.graph import Channel, Kind, Message, Problem
from tense.topology.reader import Draft
from tense.topology.readers.asyncapi.conventions import followed, listed
from tense.topology.readers.asyncapi.payload import headers_of, largest_example, payload_of
from tense.topology.readers.refs import At, References

_KIND_FIELDS = ("x-eventcatalog-message-type", "x-message-type", "x-message-kind", "x-kind", "x-tense-kind")
_KINDS: dict[str, Kind] = {
    "command": "command",
    "commands": "command",
    "event": "event",
    "events": "event",
    "query": "query",
    "queries": "query",
}
_JAVA_NAME = re.compile(r"(?:[a-z_][\w$]*\.)+(?:\w+\$)?([A-Z]\w+)")
_QUEUES = {"queue": True, "topic": False, "exchange": False, "fifo-queue": True}
_DESTINATIONS = ("destinationType", "is", "type")


class Words:
    """Gathers one document into a draft."""

    def __init__(self, root: At, references: References) -> None:
        self.root, self.references = root, references
        self.draft = Draft(source=root.document.file)
        title = root.child("info").child("title").value
        self.service = title.strip()[:200] if isinstance(title, str) and title.strip() else root.document.path.stem

    def end(self, at: At) -> At:
        """Return what a reference ends at; one that leads nowhere stands for itself."""
        return followed(at, self.references)

    def text(self, at: At, *names: str) -> str:
        """Return the first of the named fields that holds text, from the object or else its traits."""
        for source in (at, *(self.end(trait) for trait in listed(at.child("traits")))):
            for name in names:
                value = source.child(name).value
                if isinstance(value, str) and value.strip():
                    return value.strip()[:300]
        return ""

    def message(self, given: At, *, key: str, channel: str | None = None, near: Iterable[At] = ()) -> Message:
        """Add a message, or add what this mention of it tells; return it as it stands now."""
        at = self.end(given)
        name = (
            self.text(at, "name")
            or _entry(given, at)
            or key
            or _pointed_at(given)
            or self.text(at, "messageId", "title")
            or channel
            or "?"
        )
        found = self.draft.messages.get(name)
        if found is None:
            found = self._new(at, name, near)
        channels = found.channels if channel is None or channel in found.channels else (*found.channels, channel)
        found = msgspec.structs.replace(found, channels=channels)
        self.draft.messages[name] = found
        return found

    def _new(self, at: At, name: str, near: Iterable[At]) -> Message:
        body = payload_of(at.child("payload"), self.references)
        java = _JAVA_NAME.fullmatch(name)
        fields = None if body.fields is None else tuple(body.fields.values())
        kinds: list[Kind] = [kind for kind in map(self.kind, (at, *near)) if kind != "unknown"]
        keyed = self.end(at.child("bindings")).child("kafka").child("key").value is not None
        return Message(
            name=name,
            written=java[1] if java else name,
            kind=kinds[0] if kinds else "unknown",
            fields=fields,
            free_form=body.free_form and not fields,
            key="key" if keyed else None,
            description=self.text(at, "description", "summary", "title"),
            headers=headers_of(at, self.references),
            sample_bytes=largest_example(at),
            place=at.document.place(at.pointer),
        )

    def kind(self, at: At) -> Kind:
        """Return the kind that an object declares by an extension."""
        return _KINDS.get(self.text(at, *_KIND_FIELDS).lower(), "unknown")

    def channel(self, name: str, at: At, address: str | None, messages: Iterable[Message]) -> None:
        """Add a channel."""
        names = tuple(dict.fromkeys(message.name for message in messages))
        to_one = point_to_point(self.end(at.child("bindings")))
        place = at.document.place(at.pointer)
        self.draft.channels[name] = Channel(
            name=name, address=address, point_to_point=to_one, messages=names, place=place
        )

    def lost(self, problems: Iterable[Problem]) -> None:
        """Keep what was wrong; what is said twice is kept once."""
        for problem in problems:
            if problem not in self.draft.problems:
                self.draft.problems.append(problem)

    def finish(self) -> Draft:
        """Say what the document does not tell."""
        draft = self.draft
        draft.unknown |= {"owners", "inside", "rejections", "stores", "imports"}
        if any(message.kind == "unknown" for message in draft.messages.values()):
            draft.unknown.add("kinds")
        if any(message.fields is None and not message.free_form for message in draft.messages.values()):
            draft.unknown.add("fields")
        return draft


def _entry(given: At, at: At) -> str:
    """Return the name of the entry of `components.messages` that a message stands in, if it does."""
    for pointer in (at.pointer, given.pointer):
        if pointer.startswith("/components/messages/") and pointer.count("/") == 3:  # noqa: PLR2004  # that depth
            return pointer.rpartition("/")[2].replace("~1", "/").replace("~0", "~")
    return ""


def _pointed_at(given: At) -> str:
    """Return the last part of a reference: what a message that may not be opened is called where it stands."""
    ref = given.value.get("$ref") if isinstance(given.value, dict) else None
    _, _, fragment = ref.partition("#") if isinstance(ref, str) else ("", "", "")
    return fragment.rpartition("/")[2].replace("~1", "/").replace("~0", "~")


def point_to_point(bindings: At) -> bool | None:
    """Tell whether a channel's bindings say that one receiver gets each message."""
    if not isinstance(bindings.value, dict):
        return None
    if "sqs" in bindings.value:
        return True
    if "sns" in bindings.value or "googlepubsub" in bindings.value:
        return False
    for protocol in ("jms", "solace", "ibmmq", "anypointmq", "amqp"):
        for word in _DESTINATIONS:
            said = bindings.child(protocol).child(word).value
            if isinstance(said, str) and said.lower() in _QUEUES:
                return _QUEUES[said.lower()]
    return None
