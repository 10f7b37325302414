"""An app whose handler or subscriber ends the process: `python poison.py STORE STARTS-FILE`."""

import asyncio
import os
import sys
from datetime import timedelta
from pathlib import Path

from tense import App, Command, Contract, Event, Publish, Retry, Service

orders = Contract("orders")
FEW = Retry(attempts=3, first=timedelta(milliseconds=20))


class Work(Command, owner=orders, key="name"):
    name: str


class Worked(Event, owner=orders, key="name"):
    name: str


STARTS = Path(sys.argv[2]) if len(sys.argv) > 2 else Path("starts.txt")
working, watching = Service(orders), Service(Contract("watching"))


def start(what: str) -> None:
    out = os.open(STARTS, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    os.write(out, f"{what}\n".encode())
    os.close(out)


@working.handles(Work, retry=FEW)
async def work(command: Work, publish: Publish[Worked]) -> None:
    start(f"command {command.name}")
    if command.name == "deadly command":
        os._exit(9)
    publish(Worked(name=command.name))


@watching.subscribes(Worked, retry=FEW, from_start=True)
async def watch(event: Worked) -> None:
    start(f"event {event.name}")
    if event.name == "deadly event":
        os._exit(9)


app = App(working, watching, lease=2.0)


async def main() -> None:
    async with app.running(store=sys.argv[1]):
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main())
