from words import OrderPlaced, PlaceOrder

command = PlaceOrder(order_id="1", colour="red")  # expect: mypy=call-arg pyright=reportCallIssue
event = OrderPlaced(order_id="1", colour="red")  # expect: mypy=call-arg pyright=reportCallIssue
