from words import OrderPlaced, OutOfStock, PlaceOrder

command = PlaceOrder("1", 5)  # expect: mypy=call-arg pyright=reportCallIssue
event = OrderPlaced("1")  # expect: mypy=call-arg pyright=reportCallIssue
rejection = OutOfStock("a")  # expect: mypy=call-arg pyright=reportCallIssue
