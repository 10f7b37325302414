from words import OrderPlaced, orders

from tense import Concluded, Service

service = Service(orders)


@service.hears(OrderPlaced)  # expect: mypy=arg-type,arg-type pyright=reportArgumentType,reportArgumentType,reportCallIssue,reportUntypedFunctionDecorator
async def placed(done: Concluded[OrderPlaced, None]) -> None: ...
