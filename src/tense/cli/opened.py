"""Opened: a store without an app, for the verbs that look into it or mend it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from tense.cli.mistake import MistakeError
from tense.ports.delivery import Delivery, Lease
from tense.ports.store import Store
from tense.runtime.engine import Around
from tense.runtime.load import LANES, file_of, open_store, state_and_broker
from tense.runtime.system import SystemChance, SystemClock, SystemSpawn

LEASE = 15.0
"""Seconds; said to the store, though nobody here takes a lane."""


class Unconcerned:
    """A watcher that runs nothing and so has nothing to do with what it is told."""

    def arrived(self, consumer: str, lane: int) -> None:
        """Nobody here reads it."""

    def due(self, consumer: str, at: float) -> None:
        """Nobody here retries it."""

    def offer(self, delivery: Delivery) -> bool:
        """It stays in the backlog."""
        del delivery
        return False

    def freed(self, consumer: str, lane: int, strand: str) -> None:
        """Nobody here waits for it."""

    def lost(self, lease: Lease) -> None:
        """Nobody here holds one."""

    def moved(self) -> None:
        """Nobody here shares lanes."""


@asynccontextmanager
async def opened(address: str, *, create: bool = False) -> AsyncIterator[Store]:
    """The store at an address, open until left. Refuses to make a new one unless `create`.

    Raises:
        MistakeError: there is none yet.
        StoreError: it cannot be used.
    """
    if not create:
        refuse_missing(address)
    store = open_store(address)
    spawn = SystemSpawn()
    chance = SystemChance()
    around = Around(
        clock=SystemClock(),
        chance=chance,
        spawn=spawn,
        watcher=Unconcerned(),
        instance=chance.new_id(),
        lease=LEASE,
        lanes=LANES,
    )
    try:
        await store.open(around)
        try:
            yield store
        finally:
            await store.close()
    finally:
        spawn.close()


def refuse_missing(address: str) -> None:
    """Refuse a file that is not there: whoever only looks must not leave an empty one behind.

    Raises:
        MistakeError: there is none.
    """
    for part in state_and_broker(address):
        path = None if part is None else file_of(part)
        if path is None or path.exists():
            continue
        text = f"there is no store at {path} yet. `tense run` and `tense send` make it; or name another with --store."
        raise MistakeError(text)
