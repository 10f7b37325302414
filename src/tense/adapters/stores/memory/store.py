"""MemoryStore: everything in this process, gone with it."""

from collections.abc import Mapping, Sequence

from msgspec.structs import replace

from tense.adapters.stores.memory.shelf import Item, Shelf
from tense.adapters.stores.memory.state import MemoryState
from tense.adapters.stores.memory.unit import MemoryUnit
from tense.errors import ClosedError
from tense.messages.outcome import Outcome
from tense.messages.settlement import Done
from tense.ports.delivery import Delivery, Lease
from tense.ports.records import Capabilities, Consumer, DeadLetter, Instance, Lag, Standing
from tense.ports.scratch import Scratch
from tense.ports.store import Surroundings, Tell, Want
from tense.ports.transaction import Snapshot


class MemoryStore:
    """A store in memory. It may be closed and opened again in the same process: what it holds stays until then.

    `scratch` is the database that handlers get who ask for one.
    """

    capabilities = Capabilities(durable=False, shared=False)

    def __init__(self, scratch: Scratch) -> None:
        self.scratch = scratch
        self.state = MemoryState()
        self.accept = self.state.accept
        self.watch = self.state.watch
        self._leases: dict[tuple[str, int], Lease] = {}
        self._seen: dict[str, Instance] = {}

    # Life

    async def open(self, surroundings: Surroundings) -> None:
        """Begin to work."""
        if self.state.surroundings is not None:
            text = "this MemoryStore is open already: it belongs to one app at a time; use a file to share"
            raise ClosedError(text)
        self.state.surroundings = surroundings

    async def close(self) -> None:
        """Stop working; what it holds stays."""
        self.state.surroundings = None

    # Backlog

    def claim(self, consumer: Consumer, wanted: Sequence[Want], limit: int) -> list[Delivery]:
        """The next deliveries of some lanes."""
        shelf = self.state.shelves[consumer.name]
        found: list[Delivery] = []
        for want in wanted:
            queue = shelf.backlog[want.lease.lane]
            most = min(want.most, len(queue), limit - len(found))
            found += [shelf.hand(queue.popleft()) for _ in range(most)]
        return found

    def due(self, consumer: Consumer, leases: Mapping[int, Lease], now: float, limit: int) -> list[Delivery]:
        """Exceptions whose time has come, in these lanes."""
        shelf = self.state.shelves[consumer.name]
        found: list[Delivery] = []
        for item in sorted(shelf.exceptions.values(), key=_by_position):
            if item.lane not in leases:
                continue
            deadline = item.envelope.metadata.deadline
            late = deadline is not None and deadline <= now and consumer.kind == "inbox"
            if (item.state == "scheduled" and (item.due <= now or late)) or (item.state == "held" and late):
                found.append(shelf.hand(item))
                if len(found) >= limit:
                    break
        return found

    def next_due(self, consumer: Consumer) -> float | None:
        """When the next exception is due."""
        moments = [
            moment
            for item in self.state.shelves[consumer.name].exceptions.values()
            for moment in _moments(item, consumer)
        ]
        return min(moments, default=None)

    def held(self, lease: Lease) -> set[str]:
        """The strands of a lane that hold something back."""
        return self.state.shelves[lease.consumer].held_in(lease.lane)

    def strike(self, delivery: Delivery, first: int) -> int:
        """No process dies and leaves its memory behind."""
        return max(first, delivery.attempt) if first == 1 else delivery.attempt

    # Units

    def unit(self, delivery: Delivery, lease: Lease) -> MemoryUnit:
        """A unit of work."""
        return MemoryUnit(self.state, self.scratch, delivery, lease)

    def snapshot(self) -> Snapshot:
        """Reads of what is committed."""
        return self.scratch.snapshot()

    async def settled(self) -> None:
        """Everything is as durable as it gets."""

    # Lanes

    async def provision(self, consumers: Sequence[Consumer]) -> None:
        """Make shelves for consumers that have none."""
        for consumer in consumers:
            old = self.state.shelves.get(consumer.name)
            if old is not None:
                old.consumer = consumer
                continue
            shelf = self.state.shelves[consumer.name] = Shelf(consumer)
            if consumer.kind == "subscription" and consumer.from_start:
                for item in self.state.events.values():
                    if item.envelope.channel == consumer.channel and item.envelope.metadata.type in consumer.types:
                        self.state.copy(shelf, item)

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
        given: dict[str, list[int]] = {}
        for lease in leases:
            lease.lost = True
            given.setdefault(lease.consumer, []).append(lease.lane)
        for consumer, lanes in given.items():
            if (shelf := self.state.shelves.get(consumer)) is not None:
                commands = self.state.commands.values() if shelf.consumer.kind == "inbox" else ()
                shelf.take_back(lanes, commands)

    async def retire(self) -> None:
        """Give everything back; nobody else is here, so nobody is left."""
        await self.release(list(self._leases.values()))
        now = self.state.around.clock.now()
        self._seen = {name: replace(instance, until=min(now, instance.until)) for name, instance in self._seen.items()}

    # Ledger

    def standing(self, message_id: str) -> Standing | None:
        """Where a command stands."""
        item = self.state.commands.get(message_id)
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

    async def cancel(self, message_id: str, outcome: Outcome, tell: Tell) -> bool:
        """End a command that is not started."""
        item = self.state.commands.get(message_id)
        if item is None or item.outcome is not None or item.state == "taken":
            return False
        shelf = self.state.shelf(item.envelope.service)
        queue = shelf.backlog[item.lane]
        if item not in queue and item.position not in shelf.exceptions:
            return False
        delivery = Delivery(
            consumer=item.envelope.service,
            lane=item.lane,
            position=item.position,
            metadata=item.envelope.metadata,
            body=item.envelope.body,
            origin="backlog" if item in queue else "exception",
            redriven=item.redriven,
        )
        told = tell(delivery, outcome)
        if shelf.exceptions.pop(item.position, None) is None:
            queue.remove(item)
        unit = MemoryUnit(self.state, self.scratch, delivery, Lease(delivery.consumer, item.lane, 0))
        unit.apply(Done(outcome), shelf, item)
        if told is not None:
            self.state.accept(told, at_once=False)
        return True

    # Dead letters

    async def dead(self, consumer: str | None = None, after: int = 0, limit: int = 100) -> list[DeadLetter]:
        """Dead letters in the order they died."""
        fitting = [
            self.state.with_held(letter)
            for letter in self.state.letters.values()
            if letter.number > after and consumer in (None, letter.consumer)
        ]
        return fitting[:limit]

    async def redrive(self, numbers: Sequence[int], now: float) -> int:
        """Put dead letters back."""
        return sum(self.state.redrive(number, now) for number in numbers)

    async def drop(self, numbers: Sequence[int]) -> int:
        """Forget dead letters; what was held behind them goes on."""
        count = 0
        for number in numbers:
            letter = self.state.letters.pop(number, None)
            if letter is not None:
                shelf = self.state.shelves[letter.consumer]
                item = shelf.exceptions.pop(number)
                self.state.free(shelf, item)
                count += 1
        return count

    # Survey

    async def instances(self) -> list[Instance]:
        """The instances that were seen."""
        return list(self._seen.values())

    async def lags(self) -> list[Lag]:
        """How far each consumer is behind."""
        return [self._lag(shelf) for shelf in self.state.shelves.values()]

    async def known(self, service: str) -> bool:
        """Whether anybody ever ran this service here."""
        return any(service in instance.services for instance in self._seen.values())

    async def waiting(self, service: str, most: int) -> int:
        """How many commands wait in an inbox."""
        shelf = self.state.shelves.get(service)
        return 0 if shelf is None else min(most, shelf.waiting())

    async def describe(self) -> dict[str, str]:
        """Figures of the store."""
        return {"store": "memory", "commands": str(len(self.state.commands)), "events": str(len(self.state.events))}

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


def _by_position(item: Item) -> int:
    return item.position


def _moments(item: Item, consumer: Consumer) -> list[float]:
    moments = [item.due] if item.state == "scheduled" else []
    deadline = item.envelope.metadata.deadline
    if deadline is not None and consumer.kind == "inbox" and item.state in ("scheduled", "held"):
        moments.append(deadline)
    return moments
