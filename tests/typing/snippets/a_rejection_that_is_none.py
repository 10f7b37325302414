from words import Receipt, orders

from tense import Command


class CancelOrder(Command[Receipt, ValueError], owner=orders):  # expect: mypy=type-var pyright=reportInvalidTypeArguments
    order_id: str


class ReturnOrder(Command[Receipt, str], owner=orders):  # expect: mypy=type-var pyright=reportInvalidTypeArguments
    order_id: str
