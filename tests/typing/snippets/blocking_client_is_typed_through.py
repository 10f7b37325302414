from words import EmptyOrder, OutOfStock, PlaceOrder, Receipt

from tense import App


def view(app: App) -> Receipt:
    with app.blocking_client(store="sqlite:///shop.db") as client:
        total: int = client.execute(PlaceOrder(order_id="1"))  # expect: mypy=assignment pyright=reportAssignmentType
        either: Receipt = client.outcome(PlaceOrder(order_id="1"))  # expect: mypy=assignment pyright=reportAssignmentType
        later: int = client.send(PlaceOrder(order_id="1")).result()  # expect: mypy=assignment pyright=reportAssignmentType
        whole: Receipt | EmptyOrder | OutOfStock = client.outcome(PlaceOrder(order_id=f"{total} {either} {later}"))
        print(whole)
        return client.execute(PlaceOrder(order_id="1"))
