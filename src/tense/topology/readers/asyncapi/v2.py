"""Reads AsyncAPI 2.x, where `publish` says what others publish: the described application receives it."""

from collections.abc import Iterator

from tense.rules.meaning.graph import Handling, Message, Saying, Service
from tense.topology.reader import Draft
from tense.topology.readers.asyncapi.conventions import entries, listed
from tense.topology.readers.asyncapi.words import Words
from tense.topology.readers.refs import At, References


def read_2(root: At, references: References) -> Draft:
    """Return what a document of version 2.x says of its application."""
    words = Words(root, references)
    info = root.child("info")
    words.draft.services[words.service] = Service(
        name=words.service, description=words.text(info, "description"), place=root.document.place("/info")
    )
    for name, item in entries(root.child("channels")):
        _channel(words, name, words.end(item))
    for name, message in entries(root.child("components").child("messages")):
        words.message(message, key=name)
    words.draft.unknown.add("waits")
    return words.finish()


def _channel(words: Words, name: str, item: At) -> None:
    met: list[Message] = []
    for verb in ("publish", "subscribe"):
        operation = words.end(item.child(verb))
        if not isinstance(operation.value, dict):
            continue
        for given in _messages(words, operation):
            message = words.message(given, key="", channel=name, near=(operation,))
            met.append(message)
            _use(words, verb, operation, message, name)
    words.channel(name, item, name, met)


def _messages(words: Words, operation: At) -> Iterator[At]:
    given = operation.child("message")
    message = words.end(given)
    if isinstance(message.value, dict) and isinstance(message.value.get("oneOf"), list):
        yield from listed(message.child("oneOf"))
    elif isinstance(message.value, dict):
        yield given


def _use(words: Words, verb: str, operation: At, message: Message, channel: str) -> None:
    place = operation.document.place(operation.pointer)
    if verb == "subscribe":
        said = Saying(service=words.service, message=message.name, address=None, channel=channel, place=place)
        words.draft.sayings.append(said)
        return
    name = words.text(operation, "operationId") or f"{verb} {channel}"
    received = Handling(service=words.service, message=message.name, name=name, channel=channel, place=place)
    words.draft.handle(received)
