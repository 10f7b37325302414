"""What a memory store holds: messages, shelves, outcomes and dead letters, and the rules by which they move."""

import asyncio
from collections import OrderedDict, deque
from collections.abc import Callable
from contextlib import suppress
from typing import TypeAlias

import msgspec

from tense.adapters.stores.memory.shelf import Item, Shelf
from tense.errors import ClosedError, DuplicateIdError
from tense.messages.envelope import Envelope
from tense.messages.outcome import Outcome
from tense.ports.records import Consumer, DeadLetter
from tense.ports.store import Soon, Surroundings

KEPT = 10_000
"""How many outcomes, and how many handled events of a log, are remembered."""


Forget: TypeAlias = Callable[["asyncio.Future[Outcome]"], None]
"""Takes a future off the list of those that watch."""


class MemoryState:
    """Everything of one store; it outlives the runs of the apps that open it."""

    def __init__(self) -> None:
        self.commands: dict[str, Item] = {}
        self.ended: deque[str] = deque()
        self.events: OrderedDict[str, Item] = OrderedDict()
        self.shelves: dict[str, Shelf] = {}
        self.letters: dict[int, DeadLetter] = {}
        self.positions = 0
        self.watching: dict[str, list[tuple[asyncio.Future[Outcome], Forget]]] = {}
        self.surroundings: Surroundings | None = None

    @property
    def around(self) -> Surroundings:
        """The surroundings while it is open."""
        if self.surroundings is None:
            text = "this MemoryStore is closed"
            raise ClosedError(text)
        return self.surroundings

    def accept(self, envelope: Envelope, *, at_once: bool = True) -> bool:
        """Take a message in. A command may begin now, unless others are to be taken in with it."""
        around, metadata = self.surroundings or self.around, envelope.metadata
        message_id, event = metadata.id, metadata.kind == "event"
        if message_id in (self.events if event else self.commands) and not self.is_new(envelope):
            return False
        self.positions += 1
        item = Item(self.positions, around.lane_of(envelope), envelope, around.clock.now())
        if event:
            self._log(item)
            return True
        self.commands[message_id] = item
        shelf = self.shelves.get(envelope.service) or self.shelf(envelope.service)
        if envelope.due > item.accepted:
            item.state, item.due = "scheduled", envelope.due
            shelf.exceptions[item.position] = item
            around.watcher.due(envelope.service, envelope.due)
            return True
        backlog = shelf.backlog[item.lane]
        if at_once and not backlog:
            item.attempts = 1
            if around.watcher.offer(shelf.delivery(item)):
                return True
            item.attempts = 0
        backlog.append(item)
        around.watcher.arrived(envelope.service, item.lane)
        return True

    def is_new(self, envelope: Envelope) -> bool:
        """Whether this id was never accepted. Raises DuplicateIdError when it was, with another body."""
        metadata = envelope.metadata
        item = (self.events if metadata.kind == "event" else self.commands).get(metadata.id)
        if item is None:
            return True
        if item.envelope.body != envelope.body or item.envelope.metadata.type != metadata.type:
            raise DuplicateIdError(metadata.id, metadata.type)
        return False

    def _log(self, item: Item) -> None:
        metadata = item.envelope.metadata
        self.events[metadata.id] = item
        channel = item.envelope.channel
        for shelf in self.shelves.values():
            consumer = shelf.consumer
            if consumer.kind == "subscription" and consumer.channel == channel and metadata.type in consumer.types:
                self.copy(shelf, item)
                self.around.watcher.arrived(consumer.name, item.lane)
        while len(self.events) > KEPT:
            self.events.popitem(last=False)

    def copy(self, shelf: Shelf, item: Item) -> None:
        """Put a logged event on the shelf of a subscription."""
        copy = Item(item.position, item.lane, item.envelope, item.accepted)
        shelf.backlog[item.lane].append(copy)

    def conclude(self, item: Item, outcome: Outcome) -> None:
        """Record an outcome and tell who watches."""
        item.outcome = outcome
        message_id = item.envelope.metadata.id
        self.ended.append(message_id)
        if len(self.ended) > KEPT:
            self.commands.pop(self.ended.popleft(), None)
        for future, forget in self.watching.pop(message_id, ()) if self.watching else ():
            if not future.done():
                # Nothing is left to forget: that spares a callback for each command.
                future.remove_done_callback(forget)
                future.set_result(outcome)

    def free(self, shelf: Shelf, item: Item) -> None:
        """A strand's first is through: the next of it may run, or the strand is free."""
        if item.strand is None:
            return
        following = shelf.next_held(item.lane, item.strand)
        around = self.around
        if following is not None:
            following.state, following.due = "scheduled", around.clock.now()
            around.watcher.due(shelf.consumer.name, following.due)
        elif item.strand not in shelf.held_in(item.lane):
            around.watcher.freed(shelf.consumer.name, item.lane, item.strand)

    def redrive(self, number: int, now: float) -> int:
        """Put one dead letter back; 1 if it was there."""
        letter = self.letters.pop(number, None)
        if letter is None:
            return 0
        shelf = self.shelves[letter.consumer]
        item = shelf.exceptions[number]
        item.state, item.due, item.attempts, item.released, item.outcome = "scheduled", now, 0, 0, None
        item.redriven += 1
        with suppress(ValueError):
            self.ended.remove(item.envelope.metadata.id)
        self.around.watcher.due(letter.consumer, now)
        return 1

    def with_held(self, letter: DeadLetter) -> DeadLetter:
        """A dead letter with the number of messages it holds back."""
        shelf = self.shelves[letter.consumer]
        item = shelf.exceptions[letter.number]
        others = shelf.exceptions.values()
        held = sum(o.strand == item.strand and o.lane == item.lane and o.state == "held" for o in others)
        return msgspec.structs.replace(letter, holds_back=held)

    def shelf(self, service: str) -> Shelf:
        """The inbox of a service; made when the first command is sent to one that never ran."""
        shelf = self.shelves.get(service)
        if shelf is None:
            consumer = Consumer(name=service, service=service, channel=service, kind="inbox")
            shelf = self.shelves[service] = Shelf(consumer)
        return shelf

    def watch(self, message_id: str) -> "Soon[Outcome]":
        """The outcome, or a future that ends with it."""
        item = self.commands.get(message_id)
        if item is not None and item.outcome is not None:
            return item.outcome
        future: asyncio.Future[Outcome] = asyncio.get_running_loop().create_future()

        def forget(done: "asyncio.Future[Outcome]") -> None:
            self._unwatch(message_id, done)

        self.watching.setdefault(message_id, []).append((future, forget))
        future.add_done_callback(forget)
        return future

    def _unwatch(self, message_id: str, done: "asyncio.Future[Outcome]") -> None:
        futures = self.watching.get(message_id)
        if futures is not None:
            futures[:] = [entry for entry in futures if entry[0] is not done]
            if not futures:
                del self.watching[message_id]
