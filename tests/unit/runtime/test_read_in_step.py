"""Lanes are read in step: who is ahead is read less and who is behind more, and nobody waits for anybody."""

import asyncio
from collections.abc import Callable, Sequence

from tense.messages.metadata import Metadata
from tense.ports.delivery import Delivery, Lease
from tense.ports.records import Consumer
from tense.ports.store import Want
from tense.runtime.backlog import BacklogReader
from tense.runtime.lane import Lane
from tense.testing.clock import HandClock

INBOX = Consumer(name="kit", service="kit", channel="kit", kind="inbox", lanes=4)


def delivery(lane: int, place: int) -> Delivery:
    metadata = Metadata(id=f"{place}", kind="command", type="kit.Do")
    return Delivery(consumer="kit", lane=lane, position=place, metadata=metadata, body=b"")


class Log:
    """A store in which each lane has messages at given places, and keeps what was wanted."""

    def __init__(self, *lanes: Sequence[int]) -> None:
        self.lanes = lanes
        self.wanted: list[dict[int, int]] = []

    def claim(self, _: object, wanted: Sequence[Want], limit: int) -> list[Delivery]:
        self.wanted.append({want.lease.lane: want.most for want in wanted})
        found: list[Delivery] = []
        for want in wanted:
            most = min(want.most, limit - len(found))
            places = [place for place in self.lanes[want.lease.lane] if place > want.after][:most]
            found += [delivery(want.lease.lane, place) for place in places]
        return found


class Taker:
    """Has room for so many at a time."""

    def __init__(self, room: int, *lanes: int) -> None:
        self.left = self._room = room
        self.lanes = [Lane(Lease("kit", number, 1), serial=False, blocked=set(), careful=0) for number in range(4)]
        for lane, after in zip(self.lanes, lanes, strict=True):
            lane.after = after
        self.taken: list[int] = []
        self.meanwhile: Callable[[], None] = lambda: None

    def room(self) -> int:
        return self.left

    def make_room(self) -> None:
        self.left = self._room

    def wants_more(self) -> bool:
        return True

    def holds(self, lane: Lane) -> bool:
        return lane in self.lanes

    def take_read(self, deliveries: Sequence[Delivery]) -> None:
        self.meanwhile()
        for delivery in deliveries:
            self.lanes[delivery.lane].after = delivery.position
            self.taken.append(delivery.position)
        self.left -= len(deliveries)

    def check_quiet(self) -> None:
        """Nobody waits."""


def reader(log: Log, taker: Taker) -> BacklogReader:
    store: object = log
    found = BacklogReader(INBOX, store, HandClock(), taker)  # type: ignore[arg-type]  # only claims are asked for
    found.mark(*taker.lanes)
    return found


async def test_who_is_ahead_is_read_less_and_who_is_behind_more() -> None:
    places = [range(1000) for _ in range(4)]
    log, taker = Log(*places), Taker(16, 500, 100, 100, 10)
    reader(log, taker).read()

    assert log.wanted[0] == {0: 2, 1: 4, 2: 4, 3: 6}


async def test_lanes_that_begin_share_alike() -> None:
    log, taker = Log(*[range(1000) for _ in range(4)]), Taker(16, -1, -1, -1, -1)
    reader(log, taker).read()

    assert log.wanted[0] == {0: 4, 1: 4, 2: 4, 3: 4}


async def test_a_lane_ahead_is_never_left_out() -> None:
    log, taker = Log(*[range(1000) for _ in range(4)]), Taker(4, 900, 0, 0, 0)
    reader(log, taker).read()

    assert min(log.wanted[0].values()) == 1


async def test_whatever_the_lanes_hold_all_of_it_is_read() -> None:
    """Each in the order of its lane, also where lanes are empty, uneven and far apart."""
    places = [range(0, 700, 7), range(5000, 5003), [], range(1, 2000, 13)]
    log, taker = Log(*places), Taker(16, -1, -1, -1, -1)
    backlog = reader(log, taker)
    for _ in range(200):
        taker.make_room()
        backlog.read()
        await asyncio.sleep(0)

    assert sorted(taker.taken) == sorted(place for lane in places for place in lane)
    assert not backlog.lanes


async def test_what_is_being_taken_is_not_read_again() -> None:
    """A lane that is lost meanwhile makes room, and asks for more before it is known how far the others are read."""
    places = [range(lane, 400, 4) for lane in range(4)]
    log, taker = Log(*places), Taker(16, -1, -1, -1, -1)
    backlog = reader(log, taker)
    taker.meanwhile = backlog.read
    for _ in range(50):
        taker.make_room()
        backlog.read()

    assert sorted(taker.taken) == list(range(400))


async def test_lanes_stay_side_by_side() -> None:
    """Keys fall into lanes by chance; read alike, the lanes would drift apart by the root of what was read."""
    chance, places = 7, [list[int]() for _ in range(4)]
    for place in range(20_000):
        chance = chance * 1103515245 + 12345 & 0x7FFFFFFF
        places[chance >> 16 & 3].append(place)
    log, taker = Log(*places), Taker(64, -1, -1, -1, -1)
    backlog = reader(log, taker)
    widest = 0
    for _ in range(200):
        taker.make_room()
        backlog.read()
        widest = max(widest, max(lane.after for lane in taker.lanes) - min(lane.after for lane in taker.lanes))

    assert widest < 4 * 64
