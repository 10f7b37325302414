from words import EmptyOrder, OutOfStock, PlaceOrder, Receipt, ShipOrder

from tense import Client, Ticket


async def follow(client: Client) -> None:
    ticket = await client.send(PlaceOrder(order_id="1"))
    total: int = await ticket.result()  # expect: mypy=assignment pyright=reportAssignmentType
    either: Receipt = await ticket.outcome()  # expect: mypy=assignment pyright=reportAssignmentType
    again = client.ticket(PlaceOrder, ticket.id)
    other: int = await again.result()  # expect: mypy=assignment pyright=reportAssignmentType
    kept: Ticket[Receipt, EmptyOrder | OutOfStock] = again
    wrong: Ticket[int, OutOfStock] = again  # expect: mypy=assignment pyright=reportAssignmentType
    shipped: Ticket[None] = await client.send(ShipOrder(order_id=f"{total} {either} {other} {kept} {wrong}"))
    print(shipped)
