"""A lane that is lost and taken anew begins with what stands first in it, whatever was under way for the old lease."""

import asyncio
from collections.abc import Mapping, Sequence

import pytest

from tense.messages.metadata import Metadata
from tense.messages.settlement import Released, Settlement
from tense.ports.delivery import Delivery, Lease
from tense.ports.records import Consumer
from tense.runtime.backlog import BacklogReader
from tense.runtime.due import DueReader
from tense.runtime.lane import Lane
from tense.testing.clock import HandClock

INBOX = Consumer(name="kit", service="kit", channel="kit", kind="inbox", lanes=2)


class SlowStore:
    """Answers when the test says so."""

    def __init__(self) -> None:
        self.answer: asyncio.Future[Sequence[Delivery]] = asyncio.get_running_loop().create_future()
        self.settled: list[tuple[int, Settlement]] = []

    def claim(self, *_: object) -> "asyncio.Future[Sequence[Delivery]]":
        return self.answer

    due = claim

    def next_due(self, _: object) -> float | None:
        return None

    def unit(self, delivery: Delivery, lease: Lease) -> "SlowStore":
        assert not lease.lost
        self._position = delivery.position
        return self

    def finish(self, settlement: Settlement, _: object) -> None:
        self.settled.append((self._position, settlement))


class Taker:
    """Holds lanes and takes what was read for them."""

    def __init__(self) -> None:
        self.lanes = {number: self._lane(number, 1) for number in range(INBOX.lanes)}
        self.taken: list[Delivery] = []

    def _lane(self, number: int, token: int) -> Lane:
        return Lane(Lease("kit", number, token), serial=False, blocked=set(), careful=0)

    def take_anew(self, number: int, *, lost: bool) -> None:
        self.lanes[number].lease.lost = lost
        self.lanes[number] = self._lane(number, 2)

    def room(self) -> int:
        return 100

    def wants_more(self) -> bool:
        return True

    def holds(self, lane: Lane) -> bool:
        return self.lanes[lane.lease.lane] is lane

    def leases(self) -> Mapping[int, Lease]:
        return {number: lane.lease for number, lane in self.lanes.items()}

    def take_read(self, deliveries: Sequence[Delivery]) -> None:
        self.taken += deliveries

    take_due = take_read

    def check_quiet(self) -> None: ...


def delivery(lane: int, position: int) -> Delivery:
    metadata = Metadata(id=f"{position}", kind="command", type="kit.Do")
    return Delivery(consumer="kit", lane=lane, position=position, metadata=metadata, body=b"{}")


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.mark.parametrize("lost", [False, True])
async def test_a_read_for_an_old_lease_moves_nothing_under_the_new_one(clock: HandClock, *, lost: bool) -> None:
    store, taker = SlowStore(), Taker()
    reader = BacklogReader(INBOX, store, clock, taker)  # type: ignore[arg-type]  # the part of a store it uses
    reader.mark(*taker.lanes.values())
    reader.read()
    taker.take_anew(0, lost=lost)
    store.answer.set_result([delivery(0, 7), delivery(1, 8)])
    await asyncio.sleep(0)
    assert [(d.lane, d.position) for d in taker.taken] == [(1, 8)]
    assert store.settled == ([] if lost else [(7, Released())]), "what was counted and not run is uncounted"


@pytest.mark.parametrize("lost", [False, True])
async def test_what_was_due_under_an_old_lease_is_not_run_under_the_new_one(clock: HandClock, *, lost: bool) -> None:
    store, taker = SlowStore(), Taker()
    reader = DueReader(INBOX, store, clock, taker)  # type: ignore[arg-type]  # the part of a store it uses
    reader.plan(clock.now())
    taker.take_anew(1, lost=lost)
    store.answer.set_result([delivery(0, 7), delivery(1, 8)])
    await asyncio.sleep(0)
    assert [(d.lane, d.position) for d in taker.taken] == [(0, 7)]
    assert store.settled == ([] if lost else [(8, Released())])
