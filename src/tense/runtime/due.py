"""Due: reads the exceptions of one consumer when their time comes."""

import asyncio
import logging
from collections.abc import Mapping, Sequence
from typing import Protocol

from tense.ports.clock import Clock, Timer
from tense.ports.delivery import Delivery, Lease
from tense.ports.records import Consumer
from tense.ports.store import Store
from tense.runtime.putback import put_back

log = logging.getLogger("tense")

RETRY_READ = 1.0
"""Seconds until a failed read is tried again."""

OTHERS = 0.5
"""Seconds until exceptions that are due in lanes of other workers are looked at again."""

NEVER = float("inf")


class Taker(Protocol):
    """Who gets what is due."""

    def room(self) -> int:
        """How many more deliveries may be in hands."""
        ...

    def leases(self) -> Mapping[int, Lease]:
        """The lanes that are held."""
        ...

    def take_due(self, deliveries: Sequence[Delivery]) -> None:
        """Exceptions whose time has come."""
        ...


class DueReader:
    """Keeps one timer for the next exception, and never more than one read under way.

    `put_off` says that something was due when there was no room for it.
    """

    def __init__(self, consumer: Consumer, store: Store, clock: Clock, taker: Taker) -> None:
        self.reading = False
        self._consumer = consumer
        self._store = store
        self._clock = clock
        self._taker = taker
        self._timer: Timer | None = None
        self._at = NEVER
        self.put_off = False
        self._stopped = False

    def plan(self, at: float | None) -> None:
        """Something is due at this moment; read then, or now if it has passed."""
        if at is None or self._stopped or at >= self._at:
            return
        self._forget_timer()
        wait = at - self._clock.now()
        if wait <= 0:
            self._read()
            return
        self._at = at
        self._timer = self._clock.call_later(wait, self._read)

    def look(self, *, anew: bool) -> None:
        """Read now what is due by a clock that was set forth meanwhile; else, `anew`, when the store says that it is due."""
        if self._at <= self._clock.now():
            self._read()
        elif anew:
            self.plan_next()

    def plan_next(self) -> None:
        """Read when the store says that the next one is due."""
        self.plan(self._store.next_due(self._consumer))

    def room_again(self) -> None:
        """There is room in hands again for what was put off."""
        self._read()

    def stop(self) -> None:
        """Read nothing more."""
        self._stopped = True
        self._forget_timer()

    def _read(self) -> None:
        self._forget_timer()
        leases = self._taker.leases()
        if self._stopped or not leases:
            return
        room = self._taker.room()
        self.put_off = self.reading or room <= 0
        if self.put_off:
            return
        self.reading = True
        got = self._store.due(self._consumer, leases, self._clock.now(), room)
        if isinstance(got, asyncio.Future):
            got.add_done_callback(lambda done: self._got(done, leases))
        else:
            self._feed(got, leases)

    def _got(self, done: "asyncio.Future[Sequence[Delivery]]", leases: Mapping[int, Lease]) -> None:
        if done.cancelled():
            self.reading = False
        elif (error := done.exception()) is not None:
            self.reading = False
            log.warning("%s cannot read what is due, tries again: %s", self._consumer.name, error)
            self.plan(self._clock.now() + RETRY_READ)
        else:
            self._feed(done.result(), leases)

    def _feed(self, deliveries: Sequence[Delivery], leases: Mapping[int, Lease]) -> None:
        self.reading = False
        held, mine = self._taker.leases(), list[Delivery]()
        for delivery in deliveries:
            lease = leases.get(delivery.lane)
            if lease is not None and held.get(delivery.lane) is lease:
                mine.append(delivery)
            elif lease is not None:
                # The lane was left meanwhile: whoever has it next gets them, under another lease.
                put_back(self._store, delivery, lease)
        self._taker.take_due(mine)
        if self._stopped:
            return
        if self.put_off and self._taker.room() > 0:
            self._read()
            return
        following = self._store.next_due(self._consumer)
        if following is not None and not deliveries:
            # What is due and was not given stands in lanes of others; they see to it.
            following = max(following, self._clock.now() + OTHERS)
        self.plan(following)

    def _forget_timer(self) -> None:
        self._at = NEVER
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
