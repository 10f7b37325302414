from words import OrderPlaced, OutOfStock, PlaceOrder

command = PlaceOrder(total_cents=5)  # expect: mypy=call-arg pyright=reportCallIssue
event = OrderPlaced()  # expect: mypy=call-arg pyright=reportCallIssue
rejection = OutOfStock()  # expect: mypy=call-arg pyright=reportCallIssue
