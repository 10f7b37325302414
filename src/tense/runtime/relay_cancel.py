"""Cancelling on a pair: the mark in the state decides, so that nothing ends as cancelled whose effects stand."""

import asyncio
from typing import NoReturn

import msgspec

from tense.errors import LeaseLostError, TenseError
from tense.messages.envelope import Envelope
from tense.messages.outcome import Outcome
from tense.messages.settlement import Done
from tense.ports.delivery import Delivery, Lease
from tense.ports.state import State
from tense.ports.store import Store, Tell
from tense.runtime.relay_carrier import Carrier
from tense.runtime.relay_parcel import parcel


class Found(TenseError):  # noqa: N818 - no failure: what was looked for
    """A command that could be cancelled now; raised where it would be, so that it goes on."""

    def __init__(self, delivery: Delivery) -> None:
        super().__init__(delivery.metadata.id)
        self.delivery = delivery


class Cancelling:
    """Ends commands that are not started, first in the state and then in the transport.

    The transport knows what was handed out. It does not know what a worker committed that fell silent, or could not say
    so. So the end is written as a mark: of it and a handler's own one commits, as of two workers that ran one message.
    """

    def __init__(self, state: State, transport: Store, carrier: Carrier) -> None:
        self._state = state
        self._transport = transport
        self._carrier = carrier

    async def cancel(self, message_id: str, outcome: Outcome, tell: Tell) -> bool:
        """As `Ledger.cancel`.

        Raises:
            StoreError: one of the two is away. What has its mark ends as cancelled when the transport brings it next.
        """
        if await self._is_unknown(message_id):
            # It may stand in the outbox.
            await self._carrier.caught_up()
        if not self._transport.capabilities.shared:
            # Nobody else has it open, so it knows all that was handed out and came back.
            return await self._transport.cancel(message_id, outcome, tell)
        delivery = await self._look(message_id, outcome)
        if delivery is None or not await self._mark(delivery, outcome, tell):
            return False
        # Where somebody took it meanwhile this says no. He cannot commit, and what comes again has its mark.
        await self._transport.cancel(message_id, outcome, _told)
        return True

    async def _look(self, message_id: str, outcome: Outcome) -> Delivery | None:
        """The command as it would be cancelled now; None if it is too late, or it is not known."""
        try:
            await self._transport.cancel(message_id, outcome, _found)
        except Found as found:
            return found.delivery
        return None

    async def _is_unknown(self, message_id: str) -> bool:
        waiting = self._transport.standing(message_id)
        return (await waiting if isinstance(waiting, asyncio.Future) else waiting) is None

    async def _mark(self, delivery: Delivery, outcome: Outcome, tell: Tell) -> bool:
        """Write the mark, and with it the news for the sender; False if it ended otherwise before."""
        told, end = tell(delivery, outcome), Done(outcome)
        unit = self._state.unit(
            msgspec.structs.replace(delivery, origin="elsewhere"), Lease(delivery.consumer, delivery.lane, 0)
        )
        try:
            waiting = unit.finish(end, [] if told is None else [parcel(told)])
            if waiting is not None:
                await waiting
        except LeaseLostError:
            known = self._state.marks([delivery])
            marks = await known if isinstance(known, asyncio.Future) else known
            return marks.get(delivery.position) == end
        return True


def _found(delivery: Delivery, _outcome: Outcome) -> NoReturn:
    raise Found(delivery)


def _told(_delivery: Delivery, _outcome: Outcome) -> Envelope | None:
    """The news left with the mark."""
