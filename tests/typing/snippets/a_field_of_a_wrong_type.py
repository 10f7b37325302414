from words import OrderPlaced, PlaceOrder

command = PlaceOrder(order_id=1)  # expect: mypy=arg-type pyright=reportArgumentType
event = OrderPlaced(order_id=None)  # expect: mypy=arg-type pyright=reportArgumentType
