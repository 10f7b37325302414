"""Questions to a PostgreSQL schema, from tests without a loop."""

import asyncio
import re
from typing import Any


class Asked:
    """Opens a connection for each question, to the schema that an address of a store names."""

    def __init__(self, store: str) -> None:
        self._dsn = re.sub(r"(?<=[?&])schema=\w+&?", "", store)
        self.schema = store.rpartition("=")[2]

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        """The rows of a query."""
        return [tuple(row) for row in asyncio.run(self._do(lambda connection: connection.fetch(query)))]

    def holds(self, query: str) -> bool:
        """Whether the first value of a query is true; not so while its table does not exist."""
        import asyncpg

        try:
            return bool(self.rows(query)[0][0])
        except asyncpg.UndefinedTableError:
            return False

    def run(self, script: str) -> None:
        """Run statements; the schema is made first."""
        whole = f"CREATE SCHEMA IF NOT EXISTS {self.schema}; {script}"
        asyncio.run(self._do(lambda connection: connection.execute(whole)))

    async def connect(self) -> Any:
        """A connection of one's own, for scripted sessions."""
        import asyncpg

        return await asyncpg.connect(self._dsn)

    async def _do(self, work: Any) -> Any:
        connection = await self.connect()
        try:
            return await work(connection)
        finally:
            await connection.close()
