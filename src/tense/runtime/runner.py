"""Runner: one long-lived task that runs deliveries, and what may end the present run."""

import asyncio
import math
from typing import Any

from tense.ports.delivery import Lease


class Runner:
    """A task that runs one delivery after the other.

    The present run began at `since` (of the clock that never goes back), may take `limit` seconds, and is entitled by
    `lease`; between two runs there is none. `overdue`, `lost` and `stopping` say why it was cancelled, if it was by us.
    """

    __slots__ = ("lease", "limit", "lost", "overdue", "since", "stopping", "task", "watched")

    def __init__(self, task: "asyncio.Task[Any]") -> None:
        self.task = task
        self.lease: Lease | None = None
        self.since = 0.0
        self.limit = math.inf
        self.overdue = self.lost = self.stopping = self.watched = False
