"""Heard: the message that tells a sender how its command ended."""

from typing import Any

import msgspec

from tense.dispatch.answers import Answering
from tense.dispatch.envelopes import Envelopes
from tense.messages.envelope import Envelope
from tense.messages.metadata import Metadata
from tense.messages.outcome import Concluded, Outcome
from tense.ports.delivery import Delivery
from tense.rules.children import heard_id

KIND = "outcome"
"""The `kind` of such a message: neither a command nor an event, an answer."""


class Heard(msgspec.Struct, frozen=True, kw_only=True):
    """Its body: the command as it was sent, and how it ended."""

    id: str
    version: int
    command: msgspec.Raw
    outcome: Outcome


class Hearing:
    """Writes and reads what senders hear."""

    def __init__(self, envelopes: Envelopes, answering: Answering) -> None:
        self._envelopes = envelopes
        self._answering = answering

    def tell(self, delivery: Delivery, outcome: Outcome) -> Envelope | None:
        """The message to the sender of a command; None if it does not listen, or the command's bytes are broken."""
        command = delivery.metadata
        if command.replyto is None or command.kind != "command":
            return None
        heard = Heard(id=command.id, version=command.dataversion, command=msgspec.Raw(delivery.body), outcome=outcome)
        metadata = Metadata(
            id=heard_id(command.id, delivery.redriven),
            kind=KIND,
            type=command.type,
            source=delivery.consumer,
            time=self._envelopes.clock.now(),
            partitionkey=command.partitionkey,
            correlationid=command.correlation,
            causationid=command.id,
            tenant=command.tenant,
            traceparent=command.traceparent,
            tracestate=command.tracestate,
        )
        return Envelope(metadata=metadata, body=self._envelopes.codec.encode(heard), service=command.replyto)

    def read(self, command: type, delivery: Delivery) -> Concluded[Any, Any]:
        """What the listener is given.

        Raises:
            UndecodableError: the bytes are not such a message.
        """
        codec = self._envelopes.codec
        heard: Heard = codec.decode(delivery.body, Heard, strict=False)
        original = msgspec.structs.replace(delivery.metadata, id=heard.id, dataversion=heard.version)
        message = self._envelopes.unwrap(command, original, bytes(heard.command), own=False)
        outcome = self._answering.value(command, heard.id, delivery.metadata.type, heard.outcome)
        return Concluded(id=heard.id, command=message, outcome=outcome)
