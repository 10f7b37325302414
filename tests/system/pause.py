"""A worker whose handler computes for a while before it writes: `python pause.py STORE NOTES`."""

import asyncio
import os
import sys
from pathlib import Path

from tense import App, Command, Contract, Event, Publish, Service, Transaction

slowly = Contract("slowly")
NOTES = Path(sys.argv[2]) if len(sys.argv) > 2 else Path("notes.txt")


class Slow(Command, owner=slowly, key="name"):
    name: str


class Begin(Command, owner=slowly, key="name"):
    name: str


class Begun(Event, owner=slowly, key="name"):
    name: str


service = Service(slowly)
watching = Service(Contract("watching"))


def note(text: str) -> None:
    out = os.open(NOTES, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    os.write(out, f"{text}\n".encode())
    os.close(out)


@service.handles(Slow)
async def slow(command: Slow, db: Transaction) -> None:
    await write_slowly(command.name, db)


@service.handles(Begin)
async def begin(command: Begin, publish: Publish[Begun]) -> None:
    publish(Begun(name=command.name))


@watching.subscribes(Begun, from_start=True)
async def watch(event: Begun, db: Transaction) -> None:
    await write_slowly(event.name, db)


async def write_slowly(name: str, db: Transaction) -> None:
    note("start")
    try:
        await asyncio.sleep(1.0)
        await db.execute("INSERT INTO effects VALUES (:name, :pid)", name=name, pid=os.getpid())
    except (Exception, asyncio.CancelledError) as error:
        note(f"refused: {error!r}")
        raise
    note("end")


app = App(service, watching, lease=1.5)


async def main() -> None:
    async with app.running(store=sys.argv[1]):
        note("ready")
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main())
