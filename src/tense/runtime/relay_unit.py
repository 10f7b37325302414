"""PairUnit: one delivery's unit of work, whose state lives in one store and whose message in another."""

import asyncio
from collections.abc import Coroutine, Sequence
from typing import Any

import msgspec
from typing_extensions import TypeVar

from tense.errors import DuplicateIdError
from tense.messages.envelope import Envelope
from tense.messages.settlement import Buried, Done, Settlement
from tense.ports.delivery import Delivery, Lease
from tense.ports.spawn import Spawn
from tense.ports.state import State
from tense.ports.store import Soon, Store, Unit
from tense.ports.transaction import Transaction
from tense.runtime.relay_parcel import parcel, parcel_id

T = TypeVar("T")


class Halves:
    """The two stores of a pair, and what stands between them."""

    def __init__(self, state: State, transport: Store) -> None:
        self.state = state
        self.transport = transport
        self.spawn: Spawn
        self._between: set[asyncio.Task[None]] = set()

    def soon(self, work: Coroutine[Any, Any, T], name: str) -> "asyncio.Future[T]":
        """Run something beside the caller. Whoever stops waiting for the answer stops nothing."""
        future: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        task = self.spawn.task(_into(future, work), name)
        self._between.add(task)
        task.add_done_callback(self._between.discard)
        return future

    async def settled(self) -> None:
        """Return when nothing that began so far stands between the two."""
        if self._between:
            await asyncio.wait(list(self._between))


async def _into(future: "asyncio.Future[T]", work: Coroutine[Any, Any, T]) -> None:
    try:
        answer = await work
    except Exception as error:  # noqa: BLE001 - handed to who asked
        if not future.done():
            future.set_exception(error)
    else:
        if not future.done():
            future.set_result(answer)
    finally:
        if not future.done():
            future.cancel()


class PairUnit:
    """The handler's transaction is the state's. What ends for good is settled in two halves.

    First the state's transaction: the mark, the user's rows, and the outgoing messages into its outbox. When that is
    durable, the transport's settlement. A crash between them brings the message again, and the mark says how it ended. A
    failed attempt leaves no mark: the transport counts it, waits, and hands it out again.
    """

    __slots__ = ("_delivery", "_halves", "_here", "_lease", "_shadow")

    def __init__(self, halves: Halves, delivery: Delivery, lease: Lease) -> None:
        self._halves = halves
        self._delivery = delivery
        self._lease = lease
        # The state's store says through this one alone that its half was undone; the lane is the transport's to lose.
        self._shadow = Lease(lease.consumer, lease.lane, lease.token, lost=lease.lost)
        guest = msgspec.structs.replace(delivery, origin="elsewhere")
        self._here: Unit = halves.state.unit(guest, self._shadow)

    def transaction(self) -> Transaction:
        """The state's database."""
        self._look()
        return self._here.transaction()

    def driver(self, kind: type[T]) -> "Soon[T]":
        """The driver's connection to the state's database."""
        self._look()
        return self._here.driver(kind)

    @property
    def begun(self) -> bool:
        """Whether the transaction was used."""
        return self._here.begun

    @property
    def revoked(self) -> str | None:
        """Why the state's store cancelled this unit's task."""
        return self._here.revoked

    async def undo(self) -> None:
        """Undo what was written in the state."""
        await self._here.undo()

    def finish(self, settlement: Settlement, outgoing: Sequence[Envelope]) -> "Soon[None]":
        """Settle in both halves what ends for good; in the transport alone what does not, or has its mark already."""
        if self._delivery.ended is not None or not isinstance(settlement, Done | Buried):
            return self._there().finish(settlement, ())
        return self._halves.soon(self.end(settlement, outgoing), "tense settle")

    async def end(self, settlement: Settlement, outgoing: Sequence[Envelope]) -> None:
        """The two halves.

        Raises:
            LeaseLostError: it ended before, or another worker has the lane.
            DuplicateIdError: an outgoing id was used before with another body.
            StoreError: one of the halves is not done; what was not made durable is undone.
        """
        self._look()
        try:
            waiting = self._here.finish(settlement, [parcel(envelope) for envelope in outgoing])
            if waiting is not None:
                await waiting
        except DuplicateIdError as error:
            raise _named(error, outgoing) from error
        waiting = self._there().finish(settlement, ())
        if waiting is not None:
            await waiting

    def _there(self) -> Unit:
        return self._halves.transport.unit(self._delivery, self._lease)

    def _look(self) -> None:
        """Whoever lost the lane need not begin."""
        if self._lease.lost:
            self._shadow.lost = True


def _named(error: DuplicateIdError, outgoing: Sequence[Envelope]) -> DuplicateIdError:
    """The error in the words of the message, not of its parcel."""
    for envelope in outgoing:
        if parcel_id(envelope.metadata) == error.id:
            return DuplicateIdError(envelope.metadata.id, envelope.metadata.type)
    return error
