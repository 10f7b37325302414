"""The memory store's unit of work."""

import asyncio
from collections.abc import Sequence

import msgspec
from typing_extensions import TypeVar

from tense.adapters.stores.memory.shelf import Item, Shelf
from tense.adapters.stores.memory.state import MemoryState
from tense.errors import LeaseLostError
from tense.messages.envelope import Envelope
from tense.messages.settlement import Again, Buried, Done, Held, Released, Settlement
from tense.ports.delivery import Delivery, Lease
from tense.ports.records import DeadLetter
from tense.ports.scratch import Scratch, Turn
from tense.ports.transaction import Transaction

T = TypeVar("T")

ENDED = ("done", "dead")


class MemoryUnit(msgspec.Struct, eq=False, gc=False):
    """One delivery's unit of work; its database is a turn of the scratch."""

    _state: MemoryState
    _scratch: Scratch
    _delivery: Delivery
    _lease: Lease
    _turn: Turn | None = None
    revoked: str | None = None

    def transaction(self) -> Transaction:
        """The database within this unit."""
        return self._opened().transaction()

    def driver(self, kind: type[T]) -> "asyncio.Future[T]":
        """The driver's own connection within this unit."""
        return asyncio.ensure_future(self._opened().driver(kind))

    @property
    def begun(self) -> bool:
        """Whether the transaction was used."""
        return self._turn is not None and self._turn.begun

    async def undo(self) -> None:
        """Undo what was written."""
        if self._turn is not None:
            self._turn.undo()
            self._turn = None

    def finish(self, settlement: Settlement, outgoing: Sequence[Envelope]) -> None:
        """Write everything at once."""
        if self._lease.lost:
            if self._turn is not None:
                self._turn.undo()
            text = f"lane {self._lease.lane} of {self._lease.consumer} is lost"
            raise LeaseLostError(text)
        store, delivery = self._state, self._delivery
        shelf = store.shelves[delivery.consumer]
        item = shelf.exceptions.get(delivery.position) if shelf.exceptions else None
        if item is None and delivery.metadata.kind != "event":
            item = store.commands.get(delivery.metadata.id)
        item = item or self._item()
        if item.state in ENDED and isinstance(settlement, (Done, Buried)):
            self._refuse_second_end()
        for envelope in outgoing:
            store.is_new(envelope)
        if self._turn is not None:
            self._turn.keep()
        self.apply(settlement, shelf, item)
        for envelope in outgoing:
            store.accept(envelope, at_once=False)

    def apply(self, settlement: Settlement, shelf: Shelf, item: Item) -> None:
        """Carry a settlement out on the shelf."""
        delivery, store = self._delivery, self._state
        if shelf.handed:
            shelf.handed.pop(item.position, None)
        if isinstance(settlement, Done):
            if shelf.exceptions:
                shelf.exceptions.pop(item.position, None)
            item.state = "done"
            if delivery.metadata.kind != "event":
                if settlement.outcome is not None:
                    store.conclude(item, settlement.outcome)
                else:
                    store.commands.pop(delivery.metadata.id, None)
            if delivery.origin == "exception":
                store.free(shelf, item)
        elif isinstance(settlement, Again):
            self._put_off(shelf, item, settlement)
        elif isinstance(settlement, Held):
            item.state, item.strand = "held", settlement.strand
            item.attempts -= 1
            shelf.exceptions[item.position] = item
        elif isinstance(settlement, Buried):
            self._bury(shelf, item, settlement)
        else:
            assert isinstance(settlement, Released)
            self._put_back(shelf, item)

    def _put_off(self, shelf: Shelf, item: Item, again: Again) -> None:
        item.state, item.due, item.error = "scheduled", again.due, again.error
        item.strand = again.strand if item.strand is None else item.strand
        if not again.counts:
            item.attempts -= 1
            item.released += 1
        shelf.exceptions[item.position] = item
        self._state.around.watcher.due(self._delivery.consumer, again.due)

    def _refuse_second_end(self) -> None:
        """A command ends once. Raises LeaseLostError for who comes second."""
        metadata = self._delivery.metadata
        if metadata.kind != "event":
            if self._turn is not None:
                self._turn.undo()
            text = f"{metadata.type} {metadata.id} was ended by somebody else meanwhile"
            raise LeaseLostError(text)

    def _item(self) -> Item:
        """What was taken off the backlog, and is known as an event or not at all."""
        delivery = self._delivery
        event = self._state.events.get(delivery.metadata.id)
        envelope = (
            event.envelope
            if event is not None
            else Envelope(metadata=delivery.metadata, body=delivery.body, service=delivery.metadata.source)
        )
        return Item(delivery.position, delivery.lane, envelope, delivery.metadata.time, attempts=delivery.attempt)

    def _put_back(self, shelf: Shelf, item: Item) -> None:
        item.attempts -= 1
        if self._delivery.origin == "exception":
            item.state = "scheduled"
            return
        item.state = "open"
        queue = shelf.backlog[item.lane]
        index = 0
        while index < len(queue) and queue[index].position < item.position:
            index += 1
        queue.insert(index, item)

    def _bury(self, shelf: Shelf, item: Item, buried: Buried) -> None:
        store, metadata = self._state, self._delivery.metadata
        item.state, item.error = "dead", buried.error
        item.strand = buried.strand if item.strand is None else item.strand
        shelf.exceptions[item.position] = item
        store.letters[item.position] = DeadLetter(
            number=item.position,
            id=metadata.id,
            consumer=self._delivery.consumer,
            kind=metadata.kind,
            type=metadata.type,
            key=metadata.partitionkey,
            reason=buried.reason,
            error=buried.error,
            traceback=buried.traceback,
            attempts=self._delivery.attempt,
            accepted=item.accepted,
            died=store.around.clock.now(),
            redriven=item.redriven,
            headers=msgspec.json.encode(metadata),
            body=self._delivery.body,
        )
        if buried.outcome is not None:
            store.conclude(item, buried.outcome)

    def _opened(self) -> Turn:
        if self._turn is None:
            self._turn = self._scratch.turn()
        return self._turn
