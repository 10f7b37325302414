"""Reads AsyncAPI 3.x, where an operation is said from the application's own side."""

from tense.rules.meaning.graph import Handling, Message, Saying, Service
from tense.topology.reader import Draft
from tense.topology.readers.asyncapi.conventions import entries, listed
from tense.topology.readers.asyncapi.words import Words
from tense.topology.readers.refs import At, References


def read_3(root: At, references: References) -> Draft:
    """Return what a document of version 3.x says of its application."""
    words = Words(root, references)
    info = root.child("info")
    words.draft.services[words.service] = Service(
        name=words.service, description=words.text(info, "description"), place=root.document.place("/info")
    )
    for name, given in entries(root.child("channels")):
        _channel(words, name, words.end(given))
    for name, given in entries(root.child("operations")):
        _operation(words, name, words.end(given))
    for name, message in entries(root.child("components").child("messages")):
        words.message(message, key=name)
    return words.finish()


def _address(name: str, channel: At) -> str | None:
    address = channel.child("address").value
    return address if isinstance(address, str) else None if "address" in _fields(channel) else name


def _fields(at: At) -> dict[str, object]:
    return at.value if isinstance(at.value, dict) else {}


def _channel(words: Words, name: str, channel: At) -> list[Message]:
    place = _address(name, channel) or name
    met = [words.message(given, key=key, channel=place) for key, given in entries(channel.child("messages"))]
    words.channel(name, channel, _address(name, channel), met)
    return met


def _channel_name(words: Words, operation: At) -> tuple[str, At]:
    """Return the name under which the document has the channel of an operation, and the channel."""
    given = operation.child("channel")
    channel = words.end(given)
    ref = given.value.get("$ref") if isinstance(given.value, dict) else None
    name = ref.rpartition("/")[2].replace("~1", "/").replace("~0", "~") if isinstance(ref, str) else ""
    return name or channel.pointer.rpartition("/")[2], channel


def _messages(words: Words, operation: At, name: str, channel: At) -> list[Message]:
    """Return the messages of an operation: those it lists, or else all of its channel."""
    place = _address(name, channel) or name
    named_here = [(_last(message), message) for message in listed(operation.child("messages"))]
    given = named_here or list(entries(channel.child("messages")))
    near = (operation,)
    return [words.message(message, key=key, channel=place, near=near) for key, message in given]


def _last(message: At) -> str:
    ref = message.value.get("$ref") if isinstance(message.value, dict) else None
    return ref.rpartition("/")[2] if isinstance(ref, str) else ""


def _operation(words: Words, name: str, operation: At) -> None:
    channel_name, channel = _channel_name(words, operation)
    place = operation.document.place(operation.pointer)
    reply = words.end(operation.child("reply"))
    answered = isinstance(reply.value, dict)
    sends = operation.child("action").value == "send"
    messages = _messages(words, operation, channel_name, channel)
    for message in messages:
        if sends:
            said = Saying(
                service=words.service,
                message=message.name,
                verb="execute" if answered else "unknown",
                waits=answered,
                channel=channel_name,
                place=place,
            )
            words.draft.sayings.append(said)
        else:
            received = Handling(
                service=words.service,
                message=message.name,
                name=name,
                channel=channel_name,
                place=place,
                replies=_replies(words, reply) if answered else (),
            )
            words.draft.handle(received)
    if answered:
        _reply(words, name, reply, messages, sends=sends)


def _replies(words: Words, reply: At) -> tuple[str, ...]:
    return tuple(dict.fromkeys(answer.name for answer in _messages(words, reply, *_channel_name(words, reply))))


def _reply(words: Words, name: str, reply: At, asked: list[Message], *, sends: bool) -> None:
    """Record the answers of an operation: they are the result of what was asked."""
    channel_name, channel = _channel_name(words, reply)
    place = reply.document.place(reply.pointer)
    answers = _messages(words, reply, channel_name, channel)
    for answer in answers:
        if sends:
            received = Handling(
                service=words.service,
                message=answer.name,
                name=f"{name} reply",
                channel=channel_name,
                place=place,
            )
            words.draft.handle(received)
        else:
            said = Saying(
                service=words.service,
                message=answer.name,
                verb="reply",
                inside=name,
                channel=channel_name,
                place=place,
            )
            words.draft.sayings.append(said)
    result = " | ".join(dict.fromkeys(answer.name for answer in answers)) or "any"
    for message in asked:
        known = words.draft.messages[message.name]
        fields = {key: getattr(known, key) for key in known.__struct_fields__}
        words.draft.messages[message.name] = Message(**{**fields, "result": result})
