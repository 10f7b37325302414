from words import orders

from tense import Command, Event


class CancelOrder(Command, owner=orders, kye="order_id"):  # expect: mypy=call-arg pyright=reportCallIssue,reportGeneralTypeIssues
    order_id: str


class OrderMoved(Event, owner=orders, deadline=None):  # expect: mypy=call-arg pyright=reportCallIssue,reportGeneralTypeIssues
    order_id: str
