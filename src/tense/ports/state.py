"""State: a store that keeps what handlers do while another one moves the messages."""

from collections.abc import Mapping, Sequence
from typing import Protocol

from tense.messages.settlement import Settlement
from tense.ports.delivery import Delivery
from tense.ports.records import Consumer
from tense.ports.store import Soon, Store


class State(Store, Protocol):
    """A store that can be paired with another, the transport, whose deliveries it is given as `elsewhere`.

    In a unit of such a delivery `finish` takes `Done` and `Buried` only. It writes a mark (consumer, id, redriven, and how
    it ended) with the user's rows and the outgoing messages, and is done when all of it is durable. A mark that stands
    there already raises LeaseLostError, and what was written is undone: of two that ran a message, one commits. The
    lease is not looked up here; only whether it is `lost`. Marks are kept as long as outcomes.
    """

    def marks(self, deliveries: Sequence[Delivery]) -> "Soon[Mapping[int, Settlement]]":
        """How those of these deliveries ended that have a mark here, by position. All are of one consumer."""
        ...

    async def forget(self, consumer: Consumer, limit: int) -> int:
        """Delete logged messages of a channel that only this subscription reads and has passed, however young they are.

        At most `limit`, none with an exception; how many went.
        """
        ...
