"""Metadata: what travels beside a message, in headers and never in the payload."""

from datetime import UTC, datetime

import msgspec


class Metadata(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """What is known of one message besides its content. A handler may ask for it.

    Names are those of CloudEvents 1.0.2 where it has one. `id` is made once, before the first attempt, and kept through
    every retry and redrive. `correlationid` is the id of the message that began the conversation, `causationid` the id
    of the direct parent. `time` and `deadline` are seconds since the epoch (UTC), as the store keeps them.
    `attempt` counts deliveries from 1. `replyto` names the service that hears the outcome. `headers` are the user's own.
    """

    id: str
    kind: str
    type: str
    source: str = ""
    time: float = 0.0
    datacontenttype: str = "application/json"
    dataschema: str | None = None
    dataversion: int = 1
    partitionkey: str | None = None
    aggregatetype: str | None = None
    correlationid: str | None = None
    causationid: str | None = None
    deadline: float | None = None
    attempt: int = 1
    replyto: str | None = None
    tenant: str | None = None
    traceparent: str | None = None
    tracestate: str | None = None
    headers: dict[str, str] = {}

    @property
    def correlation(self) -> str:
        """The id of the message that began the conversation: this one's own where it has no ancestor."""
        return self.correlationid or self.id

    @property
    def at(self) -> datetime:
        """When the message was made, as a moment in UTC."""
        return datetime.fromtimestamp(self.time, UTC)

    @property
    def expires_at(self) -> datetime | None:
        """The deadline as a moment in UTC, if there is one."""
        return None if self.deadline is None else datetime.fromtimestamp(self.deadline, UTC)
