"""Carrier: runs the relay of one process while it has services, and stands apart from what moves their messages."""

import logging
from dataclasses import dataclass

import msgspec

from tense.messages.envelope import Envelope
from tense.ports.chance import Chance
from tense.ports.clock import Clock
from tense.ports.delivery import Delivery, Lease, Watcher
from tense.ports.records import Instance
from tense.ports.spawn import Spawn
from tense.ports.state import State
from tense.ports.store import Store, Surroundings
from tense.runtime.relay_hands import Hands
from tense.runtime.relay_loop import RelayLoop
from tense.runtime.relay_parcel import outbox_reader
from tense.runtime.worker import Worker

log = logging.getLogger("tense")

DRAIN = 2.0
"""Seconds that the relay may go on with what it has in hands when the process stops. The rest stays in the outbox."""


class Carrier:
    """A worker on the state's store whose only consumer is the outbox. It is that store's watcher."""

    def __init__(self, state: State, transport: Store, lanes: int) -> None:
        self._state = state
        self._transport = transport
        self._lanes = lanes
        self._around: Surroundings
        self._worker: Worker | None = None
        self._loop: RelayLoop

    def surroundings(self, around: Surroundings) -> "Beside":
        """What the state's store is given: as the transport's, but what it tells concerns the outbox."""
        self._around = around
        return Beside(around, self)

    async def start(self, instance: Instance) -> None:
        """Begin to carry; a second call does nothing."""
        if self._worker is not None:
            return
        around = self._around
        await self._warn_of_left_over(instance)
        alone = msgspec.structs.replace(instance, services=(), consumers=(), commands={}, hashes={})
        seams = (around.clock, around.spawn)
        worker = self._worker = Worker(self._state, seams, alone, around.lease)
        hands = Hands(self._transport.accept, around.clock, around.chance)
        self._loop = RelayLoop(outbox_reader(self._lanes), self._state, hands, seams)
        await worker.start([self._loop])

    async def stop(self) -> None:
        """Carry no more; what is not through stays in the outbox."""
        worker, self._worker = self._worker, None
        if worker is not None:
            await worker.stop(DRAIN)

    async def caught_up(self) -> None:
        """Return when what stood in the outbox is carried on; at once where nothing carries, or the transport is away."""
        if self._worker is not None:
            await self._loop.caught_up()

    async def _warn_of_left_over(self, instance: Instance) -> None:
        for service in instance.services:
            if count := await self._state.waiting(service, 1000):
                log.warning(
                    "%d commands for %s stand in the store itself and nobody carries them on: they were sent without a "
                    "broker. Say App(broker=...) wherever app.outbox() is used, and run once without one to handle these.",
                    *(count, service),
                )

    # What the state's store tells

    def arrived(self, consumer: str, lane: int) -> None:
        """Something new stands in the outbox."""
        if self._worker is not None:
            self._worker.arrived(consumer, lane)

    def offer(self, delivery: Delivery) -> bool:
        """What stands in the outbox is read in batches."""
        del delivery
        return False

    def due(self, consumer: str, at: float) -> None:
        """Something that was put back is due."""
        if self._worker is not None:
            self._worker.due(consumer, at)

    def freed(self, consumer: str, lane: int, strand: str) -> None:
        """A strand goes on."""
        if self._worker is not None:
            self._worker.freed(consumer, lane, strand)

    def lost(self, lease: Lease) -> None:
        """A lane of the outbox is lost."""
        if self._worker is not None:
            self._worker.lost(lease)

    def moved(self) -> None:
        """Relays came or went."""
        if self._worker is not None:
            self._worker.moved()


@dataclass(frozen=True, slots=True)
class Beside:
    """The surroundings of a store beside another."""

    inner: Surroundings
    watcher: Watcher

    @property
    def clock(self) -> Clock:
        """The time."""
        return self.inner.clock

    @property
    def chance(self) -> Chance:
        """Ids and randomness."""
        return self.inner.chance

    @property
    def spawn(self) -> Spawn:
        """Tasks and threads."""
        return self.inner.spawn

    @property
    def instance(self) -> str:
        """The id of this process's run."""
        return self.inner.instance

    @property
    def lease(self) -> float:
        """After how long a silent instance loses its lanes."""
        return self.inner.lease

    def lane_of(self, envelope: Envelope) -> int:
        """The lane a message belongs to."""
        return self.inner.lane_of(envelope)
