"""A worker that naps, and stops on SIGTERM: `python stopping.py STORE NOTES`."""

import asyncio
import os
import signal
import sys
from pathlib import Path

from tense import App, Command, Contract, Service

naps = Contract("naps")
NOTES = Path(sys.argv[2]) if len(sys.argv) > 2 else Path("notes.txt")


class Nap(Command, owner=naps):
    number: int


service = Service(naps, concurrency=4)


def note(text: str) -> None:
    out = os.open(NOTES, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    os.write(out, f"{text}\n".encode())
    os.close(out)


@service.handles(Nap)
async def nap(command: Nap) -> None:
    note("start")
    await asyncio.sleep(0.3)
    note("end")


app = App(service)


async def main() -> None:
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    async with app.running(store=sys.argv[1]):
        await stop.wait()


if __name__ == "__main__":
    asyncio.run(main())
