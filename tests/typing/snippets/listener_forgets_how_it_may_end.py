from words import CardDeclined, ChargeCard, orders

from tense import Concluded, Service, Unsuccessful

service = Service(orders)


@service.hears(ChargeCard)  # expect: mypy=arg-type pyright=reportArgumentType,reportCallIssue,reportUntypedFunctionDecorator
async def charged(done: Concluded[ChargeCard, str | CardDeclined]) -> None: ...


other = Service(orders)


@other.hears(ChargeCard)
async def charged_in_full(done: Concluded[ChargeCard, str | CardDeclined | Unsuccessful]) -> None: ...
