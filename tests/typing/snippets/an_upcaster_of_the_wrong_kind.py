from words import ShipOrder

from tense import upcast


@upcast(ShipOrder, version=1)  # expect: mypy=type-var pyright=reportArgumentType,reportUntypedFunctionDecorator
def from_first(fields: str) -> str:
    return fields
