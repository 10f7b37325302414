from words import OrderPlaced

from tense import Client


def follow(client: Client) -> None:
    print(client.ticket(OrderPlaced, "1"))  # expect: mypy=arg-type pyright=reportArgumentType,reportUnknownArgumentType
