"""Released: what the last release said, beside what is said now, so that breaking changes can be judged."""

from msgspec.structs import replace

from tense.rules.meaning.graph import Topology


def with_released(topology: Topology, old: Topology) -> Topology:
    """The topology with each message's released fields: those it has in `old`, by name.

    Messages that `old` does not have, or has without a known body, stay as they are.
    """
    released = {message.name: message.fields for message in old.messages if message.fields is not None}
    messages = tuple(
        replace(message, released=released[message.name]) if message.name in released else message
        for message in topology.messages
    )
    return replace(topology, messages=messages)
