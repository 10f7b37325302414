from words import PlaceOrder, orders

from tense import Service

service = Service(orders)


@service.handles(PlaceOrder)  # expect: mypy=call-overload pyright=reportArgumentType,reportCallIssue,reportUntypedFunctionDecorator
def place_order(command: PlaceOrder) -> int:
    return command.total_cents
