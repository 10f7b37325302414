"""MemoryStore: everything in this process, gone with it."""

import asyncio
from collections import OrderedDict
from collections.abc import Mapping, Sequence

import msgspec

from tense.adapters.stores.memory.shelf import Item, Shelf
from tense.adapters.stores.memory.unit import MemoryUnit
from tense.errors import ClosedError, DuplicateIdError
from tense.messages.envelope import Envelope
from tense.messages.outcome import Outcome
from tense.messages.settlement import Done
from tense.ports.delivery import Delivery, Lease
from tense.ports.records import Capabilities, Consumer, DeadLetter, Instance, Lag, Standing
from tense.ports.scratch import Scratch
from tense.ports.store import Surroundings, Tell, Want
from tense.ports.transaction import Snapshot

KEPT = 10_000
"""How many outcomes, and how many handled events of a log, are remembered."""


class MemoryStore:
    """A store in memory. It may be closed and opened again in the same process: what it holds stays until then.

    `scratch` is the database that handlers get who ask for one.
    """

    capabilities = Capabilities(durable=False, shared=False)

    def __init__(self, scratch: Scratch) -> None:
        self.scratch = scratch
        self.commands: OrderedDict[str, Item] = OrderedDict()
        self.ended: OrderedDict[str, None] = OrderedDict()
        self.events: OrderedDict[str, Item] = OrderedDict()
        self.shelves: dict[str, Shelf] = {}
        self.letters: dict[int, DeadLetter] = {}
        self.positions = 0
        self.watching: dict[str, list[asyncio.Future[Outcome]]] = {}
        self.surroundings: Surroundings | None = None
        self._leases: dict[tuple[str, int], Lease] = {}
        self._seen: dict[str, Instance] = {}

    # Life

    async def open(self, surroundings: Surroundings) -> None:
        """Begin to work."""
        if self.surroundings is not None:
            text = "this MemoryStore is open already: it belongs to one app at a time; use a file to share"
            raise ClosedError(text)
        self.surroundings = surroundings

    async def close(self) -> None:
        """Stop working; what it holds stays."""
        self.surroundings = None

    @property
    def around(self) -> Surroundings:
        """The surroundings while it is open."""
        if self.surroundings is None:
            text = "this MemoryStore is closed"
            raise ClosedError(text)
        return self.surroundings

    # Acceptance

    def accept(self, envelope: Envelope) -> bool:
        """Take a message in."""
        around = self.around
        if not self.is_new(envelope):
            return False
        self.positions += 1
        item = Item(self.positions, around.lane_of(envelope), envelope, around.clock.now())
        if envelope.metadata.kind == "event":
            self._log(item)
        else:
            self._shelve(item)
        return True

    def is_new(self, envelope: Envelope) -> bool:
        """Whether this id was never accepted. Raises DuplicateIdError when it was, with another body."""
        known = self.events if envelope.metadata.kind == "event" else self.commands
        item = known.get(envelope.metadata.id)
        if item is None:
            return True
        if item.envelope.body != envelope.body or item.envelope.metadata.type != envelope.metadata.type:
            raise DuplicateIdError(envelope.metadata.id, envelope.metadata.type)
        return False

    def _shelve(self, item: Item) -> None:
        envelope = item.envelope
        self.commands[envelope.metadata.id] = item
        shelf = self.shelf(envelope.service)
        if envelope.due > self.around.clock.now():
            item.state, item.due = "scheduled", envelope.due
            shelf.exceptions[item.position] = item
            self.around.watcher.due(envelope.service, envelope.due)
            return
        shelf.backlog[item.lane].append(item)
        self.around.watcher.arrived(envelope.service, item.lane)

    def _log(self, item: Item) -> None:
        metadata = item.envelope.metadata
        self.events[metadata.id] = item
        channel = item.envelope.channel
        for shelf in self.shelves.values():
            consumer = shelf.consumer
            if consumer.kind == "subscription" and consumer.channel == channel and metadata.type in consumer.types:
                self._copy(shelf, item)
                self.around.watcher.arrived(consumer.name, item.lane)
        while len(self.events) > KEPT:
            self.events.popitem(last=False)

    def _copy(self, shelf: Shelf, item: Item) -> None:
        copy = Item(item.position, item.lane, item.envelope, item.accepted)
        shelf.backlog[item.lane].append(copy)

    # Backlog

    def claim(self, consumer: Consumer, wanted: Sequence[Want], limit: int) -> list[Delivery]:
        """The next deliveries of some lanes."""
        shelf = self.shelves[consumer.name]
        found: list[Delivery] = []
        for want in wanted:
            queue = shelf.backlog[want.lease.lane]
            for _ in range(min(want.most, len(queue), limit - len(found))):
                found.append(self._handed(shelf, queue.popleft()))
        return found

    def due(self, consumer: Consumer, leases: Mapping[int, Lease], now: float, limit: int) -> list[Delivery]:
        """Exceptions whose time has come."""
        shelf = self.shelves[consumer.name]
        found: list[Delivery] = []
        for item in sorted(shelf.exceptions.values(), key=_by_position):
            deadline = item.envelope.metadata.deadline
            late = deadline is not None and deadline <= now and consumer.kind == "inbox"
            if (item.state == "scheduled" and (item.due <= now or late)) or (item.state == "held" and late):
                found.append(self._handed(shelf, item))
                if len(found) >= limit:
                    break
        return found

    def next_due(self, consumer: Consumer) -> float | None:
        """When the next exception is due."""
        moments = [
            moment for item in self.shelves[consumer.name].exceptions.values() for moment in _moments(item, consumer)
        ]
        return min(moments, default=None)

    def held(self, lease: Lease) -> set[str]:
        """The strands of a lane that hold something back."""
        return self.shelves[lease.consumer].held_in(lease.lane)

    def strike(self, delivery: Delivery, first: int) -> int:
        """No process dies and leaves its memory behind."""
        return max(first, delivery.attempt) if first == 1 else delivery.attempt

    def _handed(self, shelf: Shelf, item: Item) -> Delivery:
        # A timer whose time has come for the first time takes its place behind what its key waits for.
        exception = item.position in shelf.exceptions and not (item.attempts == 0 and item.strand is None)
        item.attempts += 1
        if exception:
            item.state = "taken"
        else:
            shelf.exceptions.pop(item.position, None)
        return Delivery(
            consumer=shelf.consumer.name,
            lane=item.lane,
            position=item.position,
            metadata=item.envelope.metadata,
            body=item.envelope.body,
            attempt=item.attempts,
            origin="exception" if exception else "backlog",
            own=True,
            redriven=item.redriven,
        )

    # Units

    def unit(self, delivery: Delivery, lease: Lease) -> MemoryUnit:
        """A unit of work."""
        return MemoryUnit(self, delivery, lease)

    def snapshot(self) -> Snapshot:
        """Reads of what is committed."""
        return self.scratch.snapshot()

    async def settled(self) -> None:
        """Everything is as durable as it gets."""

    # Lanes

    async def provision(self, consumers: Sequence[Consumer]) -> None:
        """Make shelves for consumers that have none."""
        for consumer in consumers:
            old = self.shelves.get(consumer.name)
            if old is not None:
                old.consumer = consumer
                continue
            shelf = self.shelves[consumer.name] = Shelf(consumer)
            if consumer.kind == "subscription" and consumer.from_start:
                for item in self.events.values():
                    if item.envelope.channel == consumer.channel and item.envelope.metadata.type in consumer.types:
                        self._copy(shelf, item)

    async def announce(self, instance: Instance) -> None:
        """Remember this instance."""
        self._seen[instance.id] = instance

    async def acquire(self, consumer: Consumer, share: int, now: float) -> list[Lease]:
        """All lanes: nobody else can hold any."""
        del now
        leases = []
        for number in range(consumer.lanes):
            held = self._leases.get((consumer.name, number))
            if held is None or held.lost:
                held = self._leases[consumer.name, number] = Lease(consumer.name, number, 1)
            leases.append(held)
        return leases[:share]

    async def release(self, leases: Sequence[Lease]) -> None:
        """Give lanes back."""
        for lease in leases:
            lease.lost = True

    async def retire(self) -> None:
        """Give everything back."""
        await self.release(list(self._leases.values()))

    # Ledger

    def standing(self, message_id: str) -> Standing | None:
        """Where a command stands."""
        item = self.commands.get(message_id)
        if item is None:
            return None
        metadata = item.envelope.metadata
        return Standing(
            id=message_id,
            type=metadata.type,
            service=item.envelope.service,
            state=item.state,
            attempts=item.attempts,
            accepted=item.accepted,
            deadline=metadata.deadline,
            outcome=item.outcome,
        )

    def watch(self, message_id: str) -> "asyncio.Future[Outcome]":
        """A future that ends with the outcome."""
        future: asyncio.Future[Outcome] = asyncio.get_running_loop().create_future()
        item = self.commands.get(message_id)
        if item is not None and item.outcome is not None:
            future.set_result(item.outcome)
        else:
            self.watching.setdefault(message_id, []).append(future)
            future.add_done_callback(lambda done: self._unwatch(message_id, done))
        return future

    async def cancel(self, message_id: str, outcome: Outcome, tell: Tell) -> bool:
        """End a command that is not started."""
        item = self.commands.get(message_id)
        if item is None or item.outcome is not None or item.state == "taken":
            return False
        shelf = self.shelf(item.envelope.service)
        queue = shelf.backlog[item.lane]
        if item in queue:
            queue.remove(item)
        elif shelf.exceptions.pop(item.position, None) is None:
            return False
        delivery = Delivery(
            consumer=item.envelope.service,
            lane=item.lane,
            position=item.position,
            metadata=item.envelope.metadata,
            body=item.envelope.body,
            redriven=item.redriven,
        )
        self.unit(delivery, Lease(delivery.consumer, item.lane, 0)).apply(Done(outcome))
        if (told := tell(delivery, outcome)) is not None:
            self.accept(told)
        return True

    def conclude(self, item: Item, outcome: Outcome) -> None:
        """Record an outcome and tell who watches."""
        item.outcome = outcome
        message_id = item.envelope.metadata.id
        self.ended[message_id] = None
        while len(self.ended) > KEPT:
            self.commands.pop(self.ended.popitem(last=False)[0], None)
        for future in self.watching.pop(message_id, ()):
            if not future.done():
                future.set_result(outcome)

    def _unwatch(self, message_id: str, done: "asyncio.Future[Outcome]") -> None:
        futures = self.watching.get(message_id)
        if futures is not None and done in futures:
            futures.remove(done)
            if not futures:
                del self.watching[message_id]

    # Dead letters

    async def dead(self, consumer: str | None = None, after: int = 0, limit: int = 100) -> list[DeadLetter]:
        """Dead letters in the order they died."""
        fitting = [
            msgspec.structs.replace(letter, holds_back=self._held_behind(letter))
            for letter in self.letters.values()
            if letter.number > after and consumer in (None, letter.consumer)
        ]
        return fitting[:limit]

    async def redrive(self, numbers: Sequence[int], now: float) -> int:
        """Put dead letters back."""
        return sum(self._redrive(number, now) for number in numbers)

    async def drop(self, numbers: Sequence[int]) -> int:
        """Forget dead letters; what was held behind them goes on."""
        count = 0
        for number in numbers:
            letter = self.letters.pop(number, None)
            if letter is not None:
                shelf = self.shelves[letter.consumer]
                item = shelf.exceptions.pop(number)
                self.free(shelf, item)
                count += 1
        return count

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

    def _redrive(self, number: int, now: float) -> int:
        letter = self.letters.pop(number, None)
        if letter is None:
            return 0
        shelf = self.shelves[letter.consumer]
        item = shelf.exceptions[number]
        item.state, item.due, item.attempts, item.outcome = "scheduled", now, 0, None
        item.redriven += 1
        self.ended.pop(item.envelope.metadata.id, None)
        self.around.watcher.due(letter.consumer, now)
        return 1

    def _held_behind(self, letter: DeadLetter) -> int:
        shelf = self.shelves[letter.consumer]
        item = shelf.exceptions[letter.number]
        others = shelf.exceptions.values()
        return sum(o.strand == item.strand and o.lane == item.lane and o.state == "held" for o in others)

    # Survey

    async def instances(self) -> list[Instance]:
        """The instances that were seen."""
        return list(self._seen.values())

    async def lags(self) -> list[Lag]:
        """How far each consumer is behind."""
        return [self._lag(shelf) for shelf in self.shelves.values()]

    async def known(self, service: str) -> bool:
        """Whether anybody ever ran this service here."""
        return any(service in instance.services for instance in self._seen.values())

    async def waiting(self, service: str, most: int) -> int:
        """How many commands wait in an inbox."""
        shelf = self.shelves.get(service)
        return 0 if shelf is None else min(most, shelf.waiting())

    async def describe(self) -> dict[str, str]:
        """Figures of the store."""
        return {"store": "memory", "commands": str(len(self.commands)), "events": str(len(self.events))}

    def _lag(self, shelf: Shelf) -> Lag:
        waiting = [item for queue in shelf.backlog for item in queue]
        states = [item.state for item in shelf.exceptions.values()]
        return Lag(
            consumer=shelf.consumer.name,
            kind=shelf.consumer.kind,
            waiting=len(waiting),
            oldest=min((item.accepted for item in waiting), default=None),
            retrying=states.count("scheduled") + states.count("taken"),
            held=states.count("held"),
            dead=states.count("dead"),
            lanes=shelf.consumer.lanes,
            owned=sum(not lease.lost for (name, _), lease in self._leases.items() if name == shelf.consumer.name),
        )

    def shelf(self, service: str) -> Shelf:
        """The inbox of a service; made when the first command is sent to one that never ran."""
        shelf = self.shelves.get(service)
        if shelf is None:
            consumer = Consumer(name=service, service=service, channel=service, kind="inbox")
            shelf = self.shelves[service] = Shelf(consumer)
        return shelf


def _by_position(item: Item) -> int:
    return item.position


def _moments(item: Item, consumer: Consumer) -> list[float]:
    moments = [item.due] if item.state == "scheduled" else []
    deadline = item.envelope.metadata.deadline
    if deadline is not None and consumer.kind == "inbox" and item.state in ("scheduled", "held"):
        moments.append(deadline)
    return moments


def headers_of(envelope: Envelope) -> bytes:
    """The headers of a message as bytes."""
    return msgspec.json.encode(envelope.metadata)
