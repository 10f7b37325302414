"""Pair: one store keeps state, another moves messages, and a relay carries the outbox of the first to the second."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import msgspec

from tense.errors import NotSupportedError, StoreError
from tense.messages.envelope import Envelope
from tense.messages.outcome import Outcome
from tense.messages.settlement import Released
from tense.ports.delivery import Delivery, Lease
from tense.ports.records import Capabilities, Consumer, DeadLetter, Instance, Lag, Standing
from tense.ports.state import State
from tense.ports.store import Soon, Store, Surroundings, Tell, Unit, Want
from tense.ports.transaction import Snapshot
from tense.runtime.relay_cancel import Cancelling
from tense.runtime.relay_carrier import Beside, Carrier
from tense.runtime.relay_letters import Letters
from tense.runtime.relay_parcel import RELAY
from tense.runtime.relay_unit import Halves, PairUnit
from tense.runtime.relay_watcher import Unhurried

if TYPE_CHECKING:
    from tense.runtime.replay import History


class Pair:
    """A store made of two. Messages, attempts, dead letters and outcomes are the transport's; rows are the state's.

    What ends here for good leaves a mark in the state, in the transaction of its effects. While an instance is
    announced, it also carries the outbox on.
    """

    def __init__(self, state: State, transport: Store, lanes: int) -> None:
        self.state = state
        self.transport = transport
        self.capabilities = both(state.capabilities, transport.capabilities)
        self._halves = Halves(state, transport)
        self._carrier = Carrier(state, transport, lanes)
        self._letters = Letters(state, transport)
        self._cancelling = Cancelling(state, transport, self._carrier)

    # Life

    async def open(self, surroundings: Surroundings) -> None:
        """Open both, the state first."""
        self._halves.spawn = surroundings.spawn
        await self.state.open(self._carrier.surroundings(surroundings))
        try:
            await self.transport.open(Beside(surroundings, Unhurried(surroundings.watcher)))
        except BaseException:
            await self.state.close()
            raise

    async def close(self) -> None:
        """Close both, once nothing stands between them."""
        await self._halves.settled()
        try:
            await self.transport.close()
        finally:
            await self.state.close()

    # Messages

    def accept(self, envelope: Envelope) -> "Soon[bool]":
        """Take a message in at the transport: whoever waits for this has it accepted where it is handed out."""
        return self.transport.accept(envelope)

    def claim(self, consumer: Consumer, wanted: Sequence[Want], limit: int) -> "Soon[Sequence[Delivery]]":
        """The next deliveries; those that ended before say so."""
        leases = {want.lease.lane: want.lease for want in wanted}
        return self._known(self.transport.claim(consumer, wanted, limit), leases)

    def due(
        self, consumer: Consumer, leases: Mapping[int, Lease], now: float, limit: int
    ) -> "Soon[Sequence[Delivery]]":
        """Exceptions whose time has come; those that ended before say so."""
        return self._known(self.transport.due(consumer, leases, now, limit), leases)

    def next_due(self, consumer: Consumer) -> float | None:
        """When the next exception is due."""
        return self.transport.next_due(consumer)

    def held(self, lease: Lease) -> set[str]:
        """The strands of a lane that hold something back."""
        return self.transport.held(lease)

    def strike(self, delivery: Delivery, first: int) -> "Soon[int]":
        """Count a delivery that runs alone before it is started."""
        return self.transport.strike(delivery, first)

    async def history(self, consumer: Consumer, after: int, limit: int) -> Sequence[Delivery]:
        """Logged events, where the transport remembers them."""
        return await self._history().history(consumer, after, limit)

    async def cursors(self, consumer: Consumer) -> Mapping[int, int]:
        """How far each lane was read, where the transport remembers events."""
        return await self._history().cursors(consumer)

    def _known(self, got: "Soon[Sequence[Delivery]]", leases: Mapping[int, Lease]) -> "Soon[Sequence[Delivery]]":
        if isinstance(got, asyncio.Future):
            return self._halves.soon(self._looked_up(got, leases), "tense look up")
        if not got:
            return got
        marks = self.state.marks(got)
        if isinstance(marks, asyncio.Future):
            return self._halves.soon(self._looked_up(got, leases), "tense look up")
        return [_with_end(delivery, marks) for delivery in got] if marks else got

    async def _looked_up(self, got: "Soon[Sequence[Delivery]]", leases: Mapping[int, Lease]) -> Sequence[Delivery]:
        deliveries = await got if isinstance(got, asyncio.Future) else got
        try:
            waiting = self.state.marks(deliveries)
            marks = await waiting if isinstance(waiting, asyncio.Future) else waiting
        except StoreError:
            # Nothing can be handled while the state is away, and that is no attempt of theirs.
            for delivery in deliveries:
                back = self.transport.unit(delivery, leases[delivery.lane]).finish(Released(), ())
                if back is not None:
                    await back
            raise
        return [_with_end(delivery, marks) for delivery in deliveries] if marks else deliveries

    def _history(self) -> "History":
        from tense.runtime.replay import remembering  # noqa: PLC0415 - a replay is seldom asked for

        return remembering(self.transport)

    # Units

    def unit(self, delivery: Delivery, lease: Lease) -> Unit:
        """A unit of work in the state. A replay moves nothing in the transport."""
        if not lease.token:
            return self.state.unit(delivery, lease)
        return PairUnit(self._halves, delivery, lease)

    def snapshot(self) -> Snapshot:
        """Reads of what is committed in the state."""
        return self.state.snapshot()

    async def settled(self) -> None:
        """Return when everything finished so far is durable in both, and what it said is carried on if that is possible."""
        await self._halves.settled()
        await self.state.settled()
        await self._carrier.caught_up()
        await self.transport.settled()

    # Lanes

    async def provision(self, consumers: Sequence[Consumer]) -> None:
        """Create what is missing in the transport; the outbox is the carrier's."""
        await self.transport.provision(consumers)

    async def announce(self, instance: Instance) -> None:
        """Say in the transport that this instance lives; from the first time on it carries the outbox."""
        consumers = (*instance.consumers, RELAY)
        await self.transport.announce(msgspec.structs.replace(instance, consumers=consumers))
        await self._carrier.start(instance)

    async def acquire(self, consumer: Consumer, share: int, now: float) -> Sequence[Lease]:
        """Take lanes of the transport."""
        return await self.transport.acquire(consumer, share, now)

    async def release(self, leases: Sequence[Lease]) -> None:
        """Give lanes back."""
        await self.transport.release(leases)

    async def retire(self) -> None:
        """This instance is going, from both."""
        await self._carrier.stop()
        await self.transport.retire()

    # What became of commands

    def standing(self, message_id: str) -> "Soon[Standing | None]":
        """Where a command stands."""
        return self.transport.standing(message_id)

    def watch(self, message_id: str) -> "Soon[Outcome]":
        """The outcome, or a future that ends with it."""
        return self.transport.watch(message_id)

    async def cancel(self, message_id: str, outcome: Outcome, tell: Tell) -> bool:
        """End a command that is not started: in both, if its effects do not stand in the state already."""
        return await self._cancelling.cancel(message_id, outcome, tell)

    # Dead letters: the transport's, then those of the outbox

    async def dead(self, consumer: str | None = None, after: int = 0, limit: int = 100) -> Sequence[DeadLetter]:
        """Dead letters of both."""
        return await self._letters.dead(consumer, after, limit)

    async def redrive(self, numbers: Sequence[int], now: float) -> int:
        """Put dead letters back to where they came from."""
        return await self._letters.redrive(numbers, now)

    async def drop(self, numbers: Sequence[int]) -> int:
        """Forget dead letters."""
        return await self._letters.drop(numbers)

    # Survey

    async def instances(self) -> Sequence[Instance]:
        """The instances that were seen last."""
        return await self.transport.instances()

    async def lags(self) -> Sequence[Lag]:
        """How far each consumer is behind, the relay last."""
        ours = [lag for lag in await self.state.lags() if lag.consumer == RELAY]
        return [*await self.transport.lags(), *ours]

    async def known(self, service: str) -> bool:
        """Whether anybody ever ran this service on this transport."""
        return await self.transport.known(service)

    async def waiting(self, service: str, most: int) -> int:
        """How many commands wait in an inbox."""
        return await self.transport.waiting(service, most)

    async def describe(self) -> Mapping[str, str]:
        """Settings and figures of the transport, and those of the state, so named."""
        state = {f"state {name}": value for name, value in (await self.state.describe()).items()}
        return {**await self.transport.describe(), **state}


def paired(state: Store, transport: Store, lanes: int) -> Pair:
    """Two stores as one.

    Raises:
        NotSupportedError: the first keeps no marks, so nothing could tell a message that it has handled.
    """
    if not hasattr(state, "marks") or not hasattr(state, "forget"):
        text = (
            f"{type(state).__name__} keeps no marks, so it cannot keep state for messages that another store moves. "
            "Use SQLite or PostgreSQL: --store sqlite:///state.db --broker ..."
        )
        raise NotSupportedError(text)
    return Pair(state, transport, lanes)  # type: ignore[arg-type]  # it has what the protocol adds


def both(state: Capabilities, transport: Capabilities) -> Capabilities:
    """What two stores can do together."""
    return msgspec.structs.replace(
        transport,
        durable=state.durable and transport.durable,
        shared=state.shared and transport.shared,
        transactional=state.transactional,
        sql=state.sql,
        sessions=False,  # a session's transaction is one, and here a message ends in two
        max_body=min(state.max_body, transport.max_body),
    )


def _with_end(delivery: Delivery, marks: Mapping[int, object]) -> Delivery:
    ended = marks.get(delivery.position)
    return delivery if ended is None else msgspec.structs.replace(delivery, ended=ended)
