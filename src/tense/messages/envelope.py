"""Envelope: a message as it travels, and the places it travels to."""

import msgspec

from tense.messages.metadata import Metadata


class Envelope(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """Metadata and the encoded body.

    `service` owns the inbox a command goes to, or publishes the event; `due` is the earliest moment it may be
    handled (seconds since the epoch, 0 = at once).
    """

    metadata: Metadata
    body: bytes
    service: str
    due: float = 0.0

    @property
    def channel(self) -> str:
        """Where it goes: the owner's inbox, or the event log of the publisher's aggregate type."""
        if self.metadata.kind == "event":
            return event_channel(self.service, self.metadata.aggregatetype or "events")
        return self.service


def event_channel(publisher: str, aggregate: str) -> str:
    """The name of an event log: one per publisher and aggregate type, so that one key's events stay in order."""
    return f"{publisher}.{aggregate}"


def subscription_name(subscriber: str, channel: str) -> str:
    """The name of a service's place in an event log."""
    return f"{subscriber}<{channel}"


def is_subscription(consumer: str) -> bool:
    """Whether a consumer's name is that of a subscription, and not of an inbox."""
    return "<" in consumer


def service_of(consumer: str) -> str:
    """The service that an inbox or a subscription belongs to, from the consumer's name."""
    return consumer.partition("<")[0]
