"""The first chapters: an ordinary day in the shop."""

import time

from examples.shop.app import SERVICES, app
from examples.shop.grown import app as grown
from examples.shop.orders.contract import Line, OutOfStock, PlaceOrder, Receipt
from examples.shop.stock.contract import ReplenishStock
from examples.shop.story.books import Books
from examples.shop.story.telling import Story, until
from tense import Client, DuplicateIdError

FOUR = ("email", "warehouse", "analytics", "loyalty")
PRICES = {"tea": 450, "cup": 700, "samovar": 19_900}


def order(order_id: str, customer: str = "ada", card: str = "4111 1111", **counts: int) -> PlaceOrder:
    """An order of so many of each article; some tea is always in it."""
    counts = {"tea": 1, **counts}
    lines = tuple(Line(sku=sku, count=count, cents=PRICES[sku]) for sku, count in counts.items())
    return PlaceOrder(order_id=order_id, customer=customer, card=card, lines=lines)


async def open_the_shop(client: Client) -> None:
    """Put goods on the shelves."""
    for sku, count in {"tea": 5_000, "cup": 50, "samovar": 1}.items():
        await client.execute(ReplenishStock(sku=sku, count=count))


async def placed(story: Story, client: Client, books: Books) -> None:
    """An order is placed by a command that has a result."""
    story.chapter(
        "An order is placed",
        "Ada orders two teas and a cup. PlaceOrder is a command: orders handles it, and on the way",
        "executes ChargeCard on payment and ReserveStock on stock.",
    )

    receipt = await client.execute(order("1001", tea=2, cup=1))

    total = 2 * PRICES["tea"] + PRICES["cup"]
    story.claim(f"the caller has a receipt over {total / 100:.2f}", receipt.total_cents == total, but=receipt)
    charged = books.value("SELECT cents FROM payments WHERE order_id = '1001' AND payment = ?", receipt.payment)
    story.claim("her card was charged once, under the reference on the receipt", charged == total, but=charged)
    shelf = books.on_shelf("tea"), books.on_shelf("cup")
    story.claim("two teas and a cup left the shelf", shelf == (4_998, 49), but=shelf)
    story.tell("OrderPlaced is an event: whoever wants to know, knows. Orders waits for none of them.")
    heard = await until(lambda: books.everybody_handled(1, *FOUR))
    story.claim("email, warehouse, analytics and loyalty handled it, each once", heard, but=books.handled(*FOUR))


async def refused(story: Story, client: Client, books: Books) -> None:
    """One is refused after it was paid for."""
    story.chapter(
        "An order is refused, after it was paid for",
        "Grace orders two samovars, and there is one. Payment comes first, so her money is gone already.",
    )
    before = books.on_shelf("tea")

    answer = await client.outcome(order("1002", "grace", samovar=2))

    told = isinstance(answer, OutOfStock) and answer.sku == "samovar"
    story.claim("the caller is told OutOfStock(sku='samovar'): an answer, not an error", told, but=answer)
    returned = await until(lambda: books.charges("1002", refunded=True) == 1)
    once = returned and books.charges("1002") == 1
    story.claim("the payment was made once and undone once", once, but=books.charges("1002"))
    shelf = books.on_shelf("tea"), books.on_shelf("samovar")
    story.claim("nothing left the shelf: the tea of the same order was put back", shelf == (before, 1), but=shelf)
    apology = "SELECT count(*) FROM mails WHERE order_id = '1002' AND subject LIKE 'Sorry%'"
    story.claim("email says sorry", await until(lambda: books.value(apology) == 1))
    story.claim("and no parcel was packed", books.value("SELECT count(*) FROM parcels WHERE order_id = '1002'") == 0)


async def repeated(story: Story, client: Client, books: Books) -> None:
    """A duplicate is ignored."""
    story.chapter(
        "The same order twice",
        "A browser sends one order two times, with the same id: the network is like that.",
    )
    before = books.orders("placed")

    first: Receipt = await client.execute(order("1003"), id="browser-7f3a")
    second: Receipt = await client.execute(order("1003"), id="browser-7f3a")

    story.claim("both get the same receipt", first == second, but=(first, second))
    one = books.orders("placed") == before + 1 and books.charges("1003") == 1
    story.claim("there is one order and one charge", one, but=books.charges("1003"))
    try:
        await client.execute(order("1003", tea=40), id="browser-7f3a")
        error = "nothing"
    except DuplicateIdError as duplicate:
        error = type(duplicate).__name__
    story.claim("the same id with another order in it is an error", error == "DuplicateIdError", but=error)


async def without_email(story: Story, books: Books, store: str) -> None:
    """Email is down, and comes back."""
    story.chapter("Email is down", "Everything runs but email. Three more orders come in.")
    awake = [service.name for service in SERVICES if service.name != "email"]
    mailed = books.handled("email")["email"]
    async with app.running(*awake, store=store) as client:
        began = time.perf_counter()
        for number in ("1004", "1005", "1006"):
            await client.execute(order(number))
        took = (time.perf_counter() - began) / 3
        count = books.orders("placed")
        others = await until(lambda: books.everybody_handled(count, "warehouse", "analytics", "loyalty"))
        story.claim(f"three orders placed, {took * 1000:.0f} ms each: nobody waits for email", count == mailed + 3)
        story.claim("warehouse, analytics and loyalty handled them", others, but=books.handled(*FOUR))
        behind = await waiting_for("email", store)
        story.claim("email's place in the log waits, three events behind", behind == 3, but=behind)
    story.tell("Email comes back.")
    async with app.running(store=store):
        back = await until(lambda: books.everybody_handled(count, *FOUR))
        story.claim("the three mails went out, and no mail twice", back, but=books.handled("email"))


async def grown_by_one(story: Story, books: Books, store: str) -> None:
    """A fifth subscriber joins."""
    story.chapter(
        "A fifth subscriber",
        "Recommendations joins the shop with from_start=True. Not a line of orders is changed.",
    )
    count = books.orders("placed")
    async with grown.running("recommendations", store=store):
        fed = await until(lambda: books.everybody_handled(count, "recommendations"))
        story.claim(f"it was fed all {count} orders since the shop opened", fed, but=books.handled("recommendations"))
        owned = books.value("SELECT count(*) FROM tense_lane WHERE consumer = 'orders' AND owner IS NOT NULL")
        story.claim("meanwhile orders was not even running", owned == 0, but=owned)


async def waiting_for(service: str, store: str) -> int:
    """How many events of orders wait for a service: what `tense list` shows as lag."""
    engine = app.engine(store)
    await engine.start(())
    try:
        lags = await engine.store.lags()
    finally:
        await engine.stop()
    return sum(lag.waiting for lag in lags if lag.consumer == f"{service}<orders.order")
