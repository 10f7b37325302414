"""Rolling back never keeps the news from those who wait for the commit, whatever became of the connection."""

from typing import Any

from tense.adapters.stores.postgres.commit import roll_back
from tense.adapters.stores.postgres.session import Session


class Gone:
    """A connection that its driver has cleaned up already."""

    def __init__(self) -> None:
        self.terminated = False

    @property
    def within_transaction(self) -> bool:
        raise AttributeError("'NoneType' object has no attribute 'is_in_transaction'")

    def terminate(self) -> None:
        self.terminated = True


async def test_a_connection_that_cannot_be_asked_is_dropped() -> None:
    session: Any = Gone()

    await roll_back(session)

    assert session.terminated


def test_a_closed_connection_is_within_no_transaction() -> None:
    class Closed(Session):
        def __init__(self) -> None: ...

        def is_closed(self) -> bool:
            return True

        def is_in_transaction(self) -> bool:
            raise AttributeError("'NoneType' object has no attribute 'is_in_transaction'")

        def __del__(self) -> None: ...

    assert not Closed().within_transaction
