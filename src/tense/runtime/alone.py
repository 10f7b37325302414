"""Alone: runs what an earlier worker died with, so that a killer takes no neighbours along."""

import asyncio

import msgspec

from tense.messages.settlement import Settlement
from tense.ports.delivery import Delivery
from tense.ports.records import Consumer
from tense.ports.store import Store
from tense.runtime.lane import Lane
from tense.runtime.runner import Runner
from tense.runtime.work import Work

CAREFUL = 16
"""How many deliveries of a subscription's lane are run alone after its owner died."""


class Alone:
    """Runs one delivery of a consumer at a time, with nothing uncommitted beside it.

    If the process dies now, this delivery did it: it is counted durably before it is started.
    """

    def __init__(self, consumer: Consumer, store: Store, work: Work) -> None:
        self._consumer = consumer
        self._store = store
        self._work = work
        self._lock = asyncio.Lock()

    async def run(self, delivery: Delivery, lane: Lane, runner: Runner) -> Settlement | None:
        """As `Work.perform`, and durable when it returns."""
        async with self._lock:
            await self._store.settled()
            if lane.lease.lost:
                # Its lane may be held anew, under another lease: the count would be that one's.
                return None
            policy, _ = self._work.policy(delivery, self._consumer.service)
            # The first of a lane was in the dead worker's hands: that was a delivery too.
            first = 2 if lane.careful == CAREFUL and policy.attempts > 1 else 1
            counted = self._store.strike(delivery, first)
            attempt = await counted if isinstance(counted, asyncio.Future) else counted
            if self._consumer.kind == "inbox" and policy.attempts == 1:
                # It was handed out with others, and one of them was started: the hand-out alone is no start.
                attempt = max(1, attempt - 1)
            lane.careful = max(0, lane.careful - 1)
            delivery = msgspec.structs.replace(delivery, attempt=attempt, alone=True)
            settlement = await self._work.perform(delivery, lane.lease, self._consumer.service, runner)
            await self._store.settled()
            return settlement
