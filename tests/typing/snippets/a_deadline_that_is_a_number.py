from words import orders

from tense import Command


class CancelOrder(Command, owner=orders, deadline=30):  # expect: mypy=arg-type pyright=reportArgumentType,reportGeneralTypeIssues
    order_id: str
