"""A sender hears how a command ended that has no result: `null` among bytes that are JSON already."""

from stores import Run
from tense import App, Command, Concluded, Contract, Publish, Send, Service
from words import OrderPlaced, PlaceOrder, Receipt, orders

mail = Contract("mail")


class SendLetter(Command, owner=mail, key="order_id"):
    order_id: str


async def test_a_sender_hears_of_a_command_that_gives_nothing(run: Run) -> None:
    heard: list[object] = []
    placing, mailing = Service(orders), Service(mail)

    @placing.handles(PlaceOrder)
    async def place(command: PlaceOrder, send: Send[SendLetter], publish: Publish[OrderPlaced]) -> Receipt:
        send(SendLetter(order_id=command.order_id))
        return Receipt(order_id=command.order_id)

    @placing.hears(SendLetter)
    async def sent(done: Concluded[SendLetter, None]) -> None:
        heard.append(done.outcome)

    @mailing.handles(SendLetter)
    async def send_letter(command: SendLetter) -> None:
        return None

    async with run(App(placing, mailing)) as harness:
        await harness.client.send(PlaceOrder(order_id="o-1"))
        await harness.idle()

    assert heard == [None]
