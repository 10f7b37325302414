from words import OrderPlaced, PlaceOrder


def changed(command: PlaceOrder, event: OrderPlaced) -> None:
    command.total_cents = 5  # expect: mypy=misc pyright=reportAttributeAccessIssue
    event.order_id = "2"  # expect: mypy=misc pyright=reportAttributeAccessIssue
