"""A worker whose handler computes for a while before it writes: `python pause.py STORE NOTES`."""

import asyncio
import os
import sys
from pathlib import Path

from tense import App, Command, Contract, Service, Transaction

slowly = Contract("slowly")
NOTES = Path(sys.argv[2]) if len(sys.argv) > 2 else Path("notes.txt")


class Slow(Command, owner=slowly, key="name"):
    name: str


service = Service(slowly)


def note(text: str) -> None:
    out = os.open(NOTES, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    os.write(out, f"{text}\n".encode())
    os.close(out)


@service.handles(Slow)
async def slow(command: Slow, db: Transaction) -> None:
    note("start")
    await asyncio.sleep(1.0)
    try:
        await db.execute("INSERT INTO effects VALUES (:name, :pid)", name=command.name, pid=os.getpid())
    except Exception as error:
        note(f"refused: {error}")
        raise
    note("end")


app = App(service, lease=1.5)


async def main() -> None:
    async with app.running(store=sys.argv[1]):
        note("ready")
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main())
