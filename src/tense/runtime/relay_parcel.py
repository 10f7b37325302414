"""Parcel: a message in the outbox, on its way to the store that moves messages."""

import msgspec

from tense.errors import UndecodableError
from tense.messages.envelope import Envelope, event_channel, subscription_name
from tense.messages.metadata import Metadata
from tense.ports.delivery import Delivery
from tense.ports.records import Consumer

# No contract can have these names: nobody's messages are taken for parcels.
OUTBOX = "@outbox"
CHANNEL = event_channel(OUTBOX, "messages")
RELAY = subscription_name("@relay", CHANNEL)
"""The consumer that empties the outbox, as `tense list` names it."""

PARCEL = "@parcel"
LABEL = "label"


class Label(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What of an envelope is not its body."""

    metadata: Metadata
    service: str
    due: float = 0.0


encode = msgspec.json.Encoder().encode
READ = msgspec.json.Decoder(Label)


def outbox_reader(lanes: int) -> Consumer:
    """Who empties the outbox: from its beginning, key by key in order."""
    return Consumer(
        name=RELAY,
        service="@relay",
        channel=CHANNEL,
        kind="subscription",
        lanes=lanes,
        types=(PARCEL,),
        from_start=True,
    )


def parcel_id(metadata: Metadata) -> str:
    """The id of a parcel: commands and events may share one, so the kind is part of it, and so is the type.

    The message's own stands first: where ids are sorted, what was said first stays first.
    """
    return f"{metadata.id}:{metadata.kind}:{metadata.type}"


def parcel(envelope: Envelope) -> Envelope:
    """An envelope as the outbox keeps it: under its key, so that its order is kept."""
    metadata = envelope.metadata
    label = Label(metadata=metadata, service=envelope.service, due=envelope.due)
    outside = Metadata(
        id=parcel_id(metadata),
        kind="event",
        type=PARCEL,
        time=metadata.time,
        partitionkey=metadata.partitionkey,
        aggregatetype="messages",
        headers={LABEL: encode(label).decode()},
    )
    return Envelope(metadata=outside, body=envelope.body, service=OUTBOX)


def opened(metadata: Metadata, body: bytes) -> Envelope:
    """The envelope of a parcel.

    Raises:
        UndecodableError: the bytes are no parcel.
    """
    try:
        label = READ.decode(metadata.headers[LABEL])
    except (KeyError, msgspec.MsgspecError, ValueError, RecursionError) as error:
        text = f"{metadata.id} in the outbox has no readable label: {error}"
        raise UndecodableError(text) from error
    return Envelope(metadata=label.metadata, body=body, service=label.service, due=label.due)


def content(delivery: Delivery) -> Envelope:
    """The envelope that a delivery of the outbox carries.

    Raises:
        UndecodableError: the bytes are no parcel.
    """
    return opened(delivery.metadata, delivery.body)
