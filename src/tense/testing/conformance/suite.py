"""StoreConformance: what an adapter author inherits.

    class TestMine(StoreConformance):
        capabilities = Capabilities(durable=True, shared=False)

        def store(self, place: Path) -> Store:
            return MyStore(place / "mine")

pytest runs it like any class of tests; each is one property, with its number.
"""

import shutil
from contextlib import AbstractContextManager
from pathlib import Path
from unittest import SkipTest

from tense.ports.records import Capabilities
from tense.ports.store import Store
from tense.testing.conformance.basics import Basics
from tense.testing.conformance.cancelling import Cancelling
from tense.testing.conformance.dead import Dying
from tense.testing.conformance.durability import Enduring, Scheduling
from tense.testing.conformance.lifecycle import Claims, Living, Watching
from tense.testing.conformance.network import Networking
from tense.testing.conformance.order import Ordering
from tense.testing.conformance.settlement import Settling


class StoreConformance(
    Basics, Settling, Dying, Ordering, Enduring, Scheduling, Cancelling, Living, Watching, Networking, Claims
):
    """Every property of the kit that applies to a store. Subclass it, say how to open, and what is claimed."""

    capabilities: Capabilities

    def store(self, place: Path) -> Store:
        """A store, not open, whose whole state lives in this folder: the same folder gives the same state."""
        raise NotImplementedError(place)

    def copy(self, place: Path, to: Path) -> None:
        """Make what a SIGKILL at this moment would leave of one place stand at another, new one: here, its files."""
        shutil.copytree(place, to)

    def passed(self, place: Path, seconds: float) -> None:
        """Let so much time pass for leases, where they go by a server's clock; by default they go by the kit's."""

    def server(self) -> tuple[str, int]:
        """Where a remote store's server listens. Without it, the properties of the network are skipped."""
        text = "no way to reach the server is given"
        raise SkipTest(text)

    def through(self, place: Path, port: int) -> Store:
        """As `store`, with the server reached at this port of this machine."""
        raise NotImplementedError(place, port)

    def broken(self, place: Path) -> AbstractContextManager[None]:
        """While within, nothing can be written durably at this place. Without it, property 53 is skipped."""
        text = f"no way to break {place.name} is given"
        raise SkipTest(text)
