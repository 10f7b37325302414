"""The last chapter: kill -9 in the middle of many orders."""

import asyncio
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import IO

from examples.shop.grown import app
from examples.shop.orders.contract import OutOfStock, PaymentDeclined, PlaceOrder, Receipt
from examples.shop.story.books import Books
from examples.shop.story.ordinary import FOUR, order
from examples.shop.story.telling import Story, until
from tense import Client, NoAnswer, OutcomeUnknown

ROOT = Path(__file__).resolve().parents[3]
FIVE = (*FOUR, "recommendations")


class Crew:
    """Processes that run the whole shop in one place."""

    def __init__(self, store: str, log: IO[bytes]) -> None:
        self._command = [sys.executable, "-m", "examples.shop.worker", store]
        self._log = log
        self._processes: list[subprocess.Popen[bytes]] = []

    async def start(self, count: int) -> None:
        """Start so many more, and return when they run.

        Raises:
            RuntimeError: one ended instead.
        """
        started = [
            subprocess.Popen(  # noqa: ASYNC220, S603 - this very interpreter, and words of our own
                self._command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self._log
            )
            for _ in range(count)
        ]
        self._processes += started
        for process in started:
            assert process.stdout is not None
            if (await asyncio.to_thread(process.stdout.readline)).strip() != b"ready":
                text = f"a worker did not start; exit status {process.wait()}"
                raise RuntimeError(text)

    def kill(self, count: int) -> str:
        """`kill -9` the oldest so many: they learn nothing of it and tidy nothing up. Gives their process ids."""
        victims, self._processes = self._processes[:count], self._processes[count:]
        for process in victims:
            process.kill()
        self._wait_for(victims)
        return " and ".join(str(process.pid) for process in victims)

    def stop(self) -> None:
        """Ask those that are left to end what they began, and wait for that."""
        for process in self._processes:
            process.terminate()
        self._wait_for(self._processes)

    def _wait_for(self, processes: Sequence[subprocess.Popen[bytes]]) -> None:
        for process in processes:
            process.communicate(timeout=20)


def many(count: int) -> list[PlaceOrder]:
    """Orders of all sorts: every 25th wants a samovar too many, every 40th pays with an empty card."""
    orders = []
    for number in range(count):
        samovars = {"samovar": 2} if number % 25 == 7 else {}
        card = "4111 0000" if number % 40 == 11 else "4111 1111"
        orders.append(order(f"k{number:04}", f"customer-{number % 60}", card, **samovars))
    return orders


async def killed(story: Story, books: Books, store: str, count: int) -> None:
    """Two workers in one place, killed while orders come in; then everything is counted."""
    story.chapter(
        f"kill -9, in the middle of {count} orders",
        "Two processes run the shop in one place, a third sends orders. The two are killed with SIGKILL and",
        "started again: first one, then both at once, so that for a while nobody is there to take an order.",
    )
    before = Standings(books)
    orders = many(count)
    with tempfile.TemporaryFile() as log:
        crew = Crew(store, log)
        try:
            await crew.start(2)
            async with app.client(store=store) as client:
                await rampage(story, client, books, crew, orders)
                endings = await asyncio.gather(*(ending(client, each) for each in orders))
            total = books.orders("placed")
            heard = await until(lambda: books.everybody_handled(total, *FIVE))
        finally:
            crew.stop()
    account(story, books, before, (Counter(endings), orders, heard))


async def rampage(story: Story, client: Client, books: Books, crew: Crew, orders: list[PlaceOrder]) -> None:
    """Send the orders in three parts, and kill between them."""
    first, second = len(orders) * 2 // 5, len(orders) * 7 // 10
    already = finished(books)

    await send(client, orders[:first])
    await until(lambda: finished(books) - already > first // 10)
    pid = crew.kill(1)
    done = finished(books) - already
    story.claim(f"process {pid} was killed when {done} of {first} accepted orders were done", 0 < done < first)
    await asyncio.gather(crew.start(1), send(client, orders[first:second]))

    await until(lambda: finished(books) - already > first)
    pids = crew.kill(2)
    done = finished(books) - already
    story.claim(f"processes {pids} were killed at {done} of {second}: nobody is left", first < done < second)
    await send(client, orders[second:])
    accepted = books.value("SELECT count(*) FROM tense_command WHERE id LIKE 'k%'")
    story.claim(f"the other {len(orders) - second} orders are accepted all the same", accepted == len(orders))
    await crew.start(2)


class Standings:
    """Figures from before the rampage."""

    def __init__(self, books: Books) -> None:
        self.placed = books.orders("placed")
        self.refused = books.orders("refused")
        self.kept = books.charges(refunded=False)
        self.refunded = books.charges(refunded=True)
        self.published = books.published("orders.OrderPlaced")
        self.tea = books.on_shelf("tea")


def finished(books: Books) -> int:
    """Orders that were placed or refused."""
    return books.orders("placed") + books.orders("refused")


async def send(client: Client, orders: list[PlaceOrder]) -> None:
    """Send them all at once; return when each is durably accepted. The order's number is the command's id."""
    await asyncio.gather(*(client.send(each, id=each.order_id) for each in orders))


async def ending(client: Client, sent: PlaceOrder) -> str:
    """How an order ended, as its ticket tells: asked by id, as any process could."""
    try:
        answer = await client.ticket(PlaceOrder, sent.order_id).outcome(timeout=20)
    except OutcomeUnknown:
        return "unknown"
    except NoAnswer as error:
        return type(error).__name__
    match answer:
        case Receipt():
            return "done"
        case OutOfStock() | PaymentDeclined():
            return type(answer).__name__
        case _:
            return "another rejection"


def account(story: Story, books: Books, before: Standings, found: tuple[Counter[str], list[PlaceOrder], bool]) -> None:
    """Count everything, in the answers and in the database."""
    ends, orders, heard = found
    now = Standings(books)
    done, refused, declined = ends["done"], ends["OutOfStock"], ends["PaymentDeclined"]
    wished = Counter(wish(each) for each in orders)
    published, placed = now.published - before.published, now.placed - before.placed
    handled = {name: figure - before.placed for name, figure in books.handled(*FIVE).items()}
    story.tell("Every order is asked for, and every table is counted:")
    story.table(
        ("", "accepted", "done", "out of stock", "declined", "lost"),
        [("orders", len(orders), done, refused, declined, len(orders) - done - refused - declined)],
    )
    story.table(("", "published", *FIVE), [("OrderPlaced", published, *handled.values())])
    story.claim(f"{len(orders)} accepted, {len(orders)} answered, each as it had to be", ends == wished, but=ends)
    story.claim("done once: as many orders written as answered", placed == done, but=placed)
    kept, refunded = now.kept - before.kept, now.refunded - before.refunded
    story.claim("each of them charged once, and each refused one given back", (kept, refunded) == (done, refused))
    story.claim("as much tea is gone as was sold", before.tea - now.tea == done, but=before.tea - now.tea)
    story.claim("published once", published == done, but=published)
    story.claim("handled once, by each of the five", heard and set(handled.values()) == {done}, but=handled)


def wish(sent: PlaceOrder) -> str:
    """How an order has to end."""
    if sent.card.endswith("0000"):
        return "PaymentDeclined"
    return "OutOfStock" if any(line.sku == "samovar" for line in sent.lines) else "done"
