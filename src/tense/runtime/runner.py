"""Runner: one long-lived task that runs deliveries, and what may end the present run."""

import asyncio
import math
from typing import Any

import msgspec

from tense.ports.delivery import Lease


class Runner(msgspec.Struct, eq=False):
    """A task that runs one delivery after the other.

    The present run began at `since` (of the clock that never goes back), may take `limit` seconds, and is entitled by
    `lease`; between two runs there is none. `overdue`, `lost` and `stopping` say why it was cancelled, if it was by us.
    """

    task: "asyncio.Task[Any]"
    lease: Lease | None = None
    since: float = 0.0
    limit: float = math.inf
    overdue: bool = False
    lost: bool = False
    stopping: bool = False
    watched: bool = False
