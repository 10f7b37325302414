from tense import AsEvent, Command, Event


class CancelOrder(Command[int], owner="orders"):  # expect: mypy=arg-type pyright=reportArgumentType,reportGeneralTypeIssues
    order_id: str


class OrderMoved(Event, owner="orders"):  # expect: mypy=arg-type pyright=reportArgumentType,reportGeneralTypeIssues
    order_id: str


class OrderLost(AsEvent, owner="orders"):  # expect: mypy=arg-type pyright=reportArgumentType,reportGeneralTypeIssues
    order_id: str
