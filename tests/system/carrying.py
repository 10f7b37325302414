"""A relay at work on a backlog, which says how its memory and its lag went: `python carrying.py STATE BROKER`."""

import asyncio
import json
import os
import sys
from pathlib import Path
from typing import Any

from tense import App, Contract, Service
from tense.runtime.load import one_store, open_store
from tense.runtime.relay import Pair
from tense.runtime.relay_parcel import RELAY

app = App(Service(Contract("nobody")))
PAGE = os.sysconf("SC_PAGE_SIZE") / 2**20


def memory() -> float:
    """Megabytes that this process has in memory."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * PAGE


async def lag(pair: Pair) -> int:
    return next(each.waiting for each in await pair.lags() if each.consumer == RELAY)


async def carry(state: str, broker: str) -> dict[str, Any]:
    """Carry all of it."""
    pair: Any = one_store(state, open_store(broker), app.lanes)
    before, most, lags = memory(), 0.0, list[int]()
    async with app.running(store=pair):
        while not lags or lags[-1]:
            lags.append(await lag(pair))
            for _ in range(10):
                await asyncio.sleep(0.02)
                most = max(most, memory())
    return {"grown": most - before, "lags": lags}


if __name__ == "__main__":
    print(json.dumps(asyncio.run(carry(*sys.argv[1:]))))
