"""Envelopes: from a message to what travels, and back."""

from datetime import datetime, timedelta
from typing import Any

from msgspec.structs import replace

from tense.dispatch.context import handling
from tense.dispatch.upcasting import upcasters_of
from tense.errors import MessageTooLargeError, UndecodableError, WorkflowError
from tense.messages.declaration import Declaration, declaration_of
from tense.messages.envelope import Envelope
from tense.messages.metadata import Metadata
from tense.ports.chance import Chance
from tense.ports.clock import Clock
from tense.ports.codec import Codec
from tense.rules.upcast import upcasted


class Envelopes:
    """Makes envelopes with one codec, clock and source of ids, and opens them again.

    `max_body` is in bytes.
    """

    def __init__(self, codec: Codec, clock: Clock, chance: Chance, max_body: int) -> None:
        self.codec = codec
        self.clock = clock
        self.chance = chance
        self.max_body = max_body
        self._encode, self._now, self._new_id = codec.encode, clock.now, chance.new_id
        self._declarations: dict[type, Declaration] = {}

    def declaration(self, cls: type) -> Declaration:
        """The declaration of a message class, remembered."""
        try:
            return self._declarations[cls]
        except KeyError:
            found = self._declarations[cls] = declaration_of(cls)
            return found

    def wrap(
        self,
        message: Any,
        *,
        message_id: str | None = None,
        source: str = "",
        deadline: float | None = None,
        timeout: float | None = None,
        due: float = 0.0,
        replyto: str | None = None,
        parent: Metadata | None = None,
    ) -> Envelope:
        """An envelope around a message, as a child of `parent` or of the message being handled.

        `deadline` is a moment, `timeout` one counted from now, in seconds.

        Raises:
            UnencodableError, MessageTooLargeError, NotAMessageError: nothing was sent.
        """
        declaration = self._declarations.get(type(message)) or self.declaration(type(message))
        body = self._encode(message)
        if len(body) > self.max_body:
            raise MessageTooLargeError(declaration.name, len(body), self.max_body)
        now = self._now()
        if timeout is not None:
            deadline = now + timeout
        if declaration.deadline is not None:
            own = max(now, due) + declaration.deadline.total_seconds()
            deadline = own if deadline is None else min(own, deadline)
        key = None if declaration.key is None else getattr(message, declaration.key)
        metadata = Metadata(
            id=message_id or self._new_id(),
            kind=declaration.kind,
            type=declaration.name,
            source=source,
            time=now,
            dataversion=declaration.version,
            partitionkey=None if key is None else str(key),
            aggregatetype=declaration.aggregate if declaration.kind == "event" else None,
            deadline=deadline,
            replyto=replyto,
        )
        if (parent := parent or handling.get()) is not None:
            metadata = child_of(parent, metadata)
        return Envelope(metadata=metadata, body=body, service=declaration.owner.name, due=due)

    def due(self, after: timedelta | None, at: datetime | None) -> float:
        """The earliest moment of handling, in seconds since the epoch; 0 for at once.

        Raises:
            WorkflowError: both are given, or a moment without a time zone.
        """
        if after is None and at is None:
            return 0.0
        if after is not None and at is not None:
            text = "after= and at= both say when; give one."
            raise WorkflowError(text)
        if after is not None:
            return self.clock.now() + after.total_seconds()
        assert at is not None
        if at.tzinfo is None:
            text = f"at={at.isoformat()} has no time zone, so it names no moment; use an aware datetime."
            raise WorkflowError(text)
        return at.timestamp()

    def unwrap(self, cls: type, metadata: Metadata, body: bytes, *, own: bool) -> Any:
        """The message of an envelope, upcast to the version this code knows.

        Raises:
            UndecodableError: the bytes are not such a message.
        """
        if len(body) > self.max_body:
            text = f"{len(body):,} bytes, over the limit of {self.max_body:,}"
            raise UndecodableError(text)
        current = self.declaration(cls).version
        if metadata.dataversion < current:
            fields: dict[str, Any] = self.codec.decode(body, dict[str, Any], strict=not own)
            body = self.codec.encode(upcasted(fields, metadata.dataversion, current, upcasters_of(cls)))
            own = True
        return self.codec.decode(body, cls, strict=not own)


def child_of(parent: Metadata, metadata: Metadata) -> Metadata:
    """Metadata of a message that another one caused: conversation, tenant and trace are handed on."""
    return replace(
        metadata,
        correlationid=parent.correlation,
        causationid=parent.id,
        tenant=parent.tenant,
        traceparent=parent.traceparent,
        tracestate=parent.tracestate,
    )
