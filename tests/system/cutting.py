"""Sends and handles orders and says what was answered, on standard output: `python cutting.py STORE`."""

import asyncio
import os
import sys
import time

from tense import App, Command, Contract, Service, TenseError, Transaction

orders = Contract("orders")
service = Service(orders)


class Work(Command[str], owner=orders, key="key"):
    name: str
    key: str


@service.handles(Work)
async def work(command: Work, db: Transaction) -> str:
    await db.execute("INSERT INTO effects VALUES (:name)", name=command.name)
    return command.name


app = App(service, lease=2.0)


def say(*words: str) -> None:
    os.write(1, f"{' '.join(words)}\n".encode())


async def main() -> None:
    run = f"{os.getpid()}-{time.time_ns()}"
    async with app.running(store=sys.argv[1]) as client:
        say("open")

        async def sender(number: int) -> None:
            for n in range(100_000):
                name = f"{run}-{number}-{n}"
                try:
                    ticket = await client.send(Work(name=name, key=f"{number}"), id=name)
                    say("sent", name)
                    if n % 2:
                        say("done", await ticket.result(timeout=5))
                except TenseError as error:
                    say("failed", name, type(error).__name__)
                    return

        await asyncio.gather(*map(sender, range(6)))


if __name__ == "__main__":
    asyncio.run(main())
