"""Who owns names and schemas."""

import re

import msgspec

from tense.errors import ContractNameError

SEGMENT = re.compile(r"[a-z][a-z0-9-]{0,30}")


class Contract(msgspec.Struct, frozen=True):
    """A frozen value that says who owns these words: `orders = Contract("orders")`.

    Two contracts with the same name are equal, in whatever process they were made. The name becomes part of every
    wire name (`orders.PlaceOrder`) and of queue and topic names.

    Raises:
        ContractNameError: the name has anything but lower-case letters, digits and '-', does not begin with a
            letter, or is longer than 31 characters.
    """

    name: str

    def __post_init__(self) -> None:
        if not SEGMENT.fullmatch(str(self.name)):
            raise ContractNameError(str(self.name), "contract")

    def __str__(self) -> str:
        return self.name
