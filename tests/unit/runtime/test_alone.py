"""What is to run alone waits for what runs alone before it, and its lane may be lost meanwhile."""

from typing import Any

from tense.messages.metadata import Metadata
from tense.ports.delivery import Delivery, Lease
from tense.ports.records import Consumer
from tense.runtime.alone import CAREFUL, Alone
from tense.runtime.lane import Lane
from tense.runtime.runner import Runner

CONSUMER = Consumer(name="email<orders", service="email", channel="orders", kind="subscription", lanes=4)
EVENT = Delivery(
    consumer="email<orders",
    lane=1,
    position=13,
    metadata=Metadata(id="a", kind="event", type="orders.Placed"),
    body=b"",
)


class Counting:
    """A store that counts, on which a lane is lost while something is made durable; and work that must not begin."""

    def __init__(self, lease: Lease) -> None:
        self.lease = lease
        self.struck: list[int] = []

    async def settled(self) -> None:
        self.lease.lost = True

    def strike(self, delivery: Delivery, first: int) -> int:
        self.struck.append(delivery.position)
        return first

    def __getattr__(self, name: str) -> Any:
        raise AssertionError(name)


async def test_what_lost_its_lane_while_it_waited_is_neither_counted_nor_started() -> None:
    lease = Lease("email<orders", 1, 7, crashed=True)
    store: Any = Counting(lease)
    lane = Lane(lease, serial=True, blocked=set(), careful=CAREFUL)

    settlement = await Alone(CONSUMER, store, store).run(EVENT, lane, Runner(store))

    assert settlement is None
    assert store.struck == []
