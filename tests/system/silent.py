"""A worker that falls silent in the middle of a handler's transaction: `python silent.py STORE NOTES PLACE`.

A command names the table of what is done by its whole name: behind a pooler no session has a search path of its own.
"""

import asyncio
import os
import signal
import sys
from pathlib import Path

from asyncpg import Connection

from tense import App, Command, Contract, Service

slowly = Contract("slowly")


class Work(Command[int], owner=slowly):
    effects: str


HALF = b"\0SELECT 1\0\0\0"
"""A statement to be prepared; the server then waits for what is to be done with it."""

notes, place = Path(), ""
awake = asyncio.Event()
service = Service(slowly)


@service.handles(Work)
async def work(command: Work, driver: Connection) -> int:
    await driver.execute(f"INSERT INTO {command.effects} VALUES ($1)", os.getpid())
    if place == "within a statement":
        driver._transport.write(b"P" + (len(HALF) + 4).to_bytes(4, "big") + HALF + b"H" + (4).to_bytes(4, "big"))
    if place:
        notes.write_text("silent")
        os.kill(os.getpid(), signal.SIGSTOP)
        awake.set()
    return os.getpid()


app = App(service, lease=1.0)


async def main() -> None:
    async with app.running(store=sys.argv[1]):
        notes.with_suffix(".ready").touch()
        await awake.wait()


if __name__ == "__main__":
    notes, place = Path(sys.argv[2]), sys.argv[3]
    asyncio.run(main())
