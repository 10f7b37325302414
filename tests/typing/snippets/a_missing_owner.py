from tense import Command, Event


class CancelOrder(Command[int]):  # expect: mypy=call-arg pyright=reportCallIssue,reportGeneralTypeIssues
    order_id: str


class OrderMoved(Event):  # expect: mypy=call-arg pyright=reportCallIssue,reportGeneralTypeIssues
    order_id: str
