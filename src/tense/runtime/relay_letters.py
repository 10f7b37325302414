"""Letters: the dead letters of a pair. Those of the outbox have numbers of their own."""

from collections.abc import Sequence

import msgspec

from tense.errors import UndecodableError
from tense.messages.metadata import Metadata
from tense.ports.records import DeadLetter
from tense.ports.state import State
from tense.ports.store import Store
from tense.runtime.relay_parcel import RELAY, opened

FIRST = 1_000_000_000_000
"""Dead letters of the outbox are counted from here; those below are the transport's, under its own numbers."""

METADATA = msgspec.json.Decoder(Metadata)


class Letters:
    """Reads and mends the dead letters of both stores."""

    def __init__(self, state: State, transport: Store) -> None:
        self._state = state
        self._transport = transport

    async def dead(self, consumer: str | None, after: int, limit: int) -> Sequence[DeadLetter]:
        """The transport's, then those that it refused."""
        found: list[DeadLetter] = []
        if consumer != RELAY and after < FIRST:
            found += await self._transport.dead(consumer, after, limit)
        if consumer in (None, RELAY) and len(found) < limit:
            refused = await self._state.dead(RELAY, max(0, after - FIRST), limit - len(found))
            found += [_shown(letter) for letter in refused]
        return found

    async def redrive(self, numbers: Sequence[int], now: float) -> int:
        """Put them back to where they came from."""
        theirs, ours = _parted(numbers)
        done = await self._transport.redrive(theirs, now) if theirs else 0
        return done + (await self._state.redrive(ours, now) if ours else 0)

    async def drop(self, numbers: Sequence[int]) -> int:
        """Forget them."""
        theirs, ours = _parted(numbers)
        done = await self._transport.drop(theirs) if theirs else 0
        return done + (await self._state.drop(ours) if ours else 0)


def _parted(numbers: Sequence[int]) -> tuple[list[int], list[int]]:
    theirs = [number for number in numbers if number < FIRST]
    return theirs, [number - FIRST for number in numbers if number >= FIRST]


def _shown(letter: DeadLetter) -> DeadLetter:
    """A refused parcel as the message that is in it."""
    shown = msgspec.structs.replace(letter, number=letter.number + FIRST)
    try:
        metadata = opened(METADATA.decode(letter.headers), letter.body).metadata
    except (UndecodableError, msgspec.MsgspecError):
        return shown
    return msgspec.structs.replace(
        shown, id=metadata.id, kind=metadata.kind, type=metadata.type, headers=msgspec.json.encode(metadata)
    )
