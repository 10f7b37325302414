"""The migration operation that makes Tense's tables."""

from typing import Any

from django.db import router
from django.db.migrations.operations.base import Operation

from tense.adapters.stores.postgres import schema as postgres
from tense.adapters.stores.sqlite import schema as sqlite
from tense.django.conf import alias, schema
from tense.errors import NotSupportedError


class BringTables(Operation):
    """Brings Tense's tables from one version of their schema to the next; forward only.

    It runs the statements that `tense db migrate --sql` prints, in the database that TENSE_DATABASE names. What is there
    already, because a worker or `tense db migrate` made it, stays as it is.
    """

    reversible = False
    reduces_to_sql = True

    def __init__(self, sqlite: tuple[int, int], postgresql: tuple[int, int]) -> None:
        """From and to which version, for each kind of database; the same twice where nothing changes."""
        self.sqlite = sqlite
        self.postgresql = postgresql

    def state_forwards(self, app_label: str, state: Any) -> None:
        """Models do not change."""

    def database_forwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        """Run what is missing.

        Raises:
            NotSupportedError: Tense has no tables for such a database.
        """
        del from_state, to_state
        connection = schema_editor.connection
        if connection.alias != alias() or not router.allow_migrate(connection.alias, app_label):
            return
        if connection.vendor == "sqlite":
            self._bring_sqlite(schema_editor)
        elif connection.vendor == "postgresql":
            self._bring_postgres(schema_editor)
        else:
            text = (
                f"the database {connection.alias!r} is {connection.vendor}, and Tense has no tables for it: it has some for "
                "SQLite and PostgreSQL. Name another one of your databases in TENSE_DATABASE, or take 'tense.django' out "
                "of INSTALLED_APPS."
            )
            raise NotSupportedError(text)

    def database_backwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        """Never: Django refuses to go back, because messages would be lost."""

    def describe(self) -> str:
        """For `migrate --plan`."""
        return "Bring Tense's tables to the schema of this version"

    def _bring_sqlite(self, schema_editor: Any) -> None:
        begin, until = self.sqlite
        if not schema_editor.collect_sql:
            there = "SELECT 1 FROM sqlite_master WHERE name = 'tense_meta'"
            begin = _version(schema_editor, there, "SELECT value FROM tense_meta WHERE name = 'schema'")
        if begin < until:
            for statement in sqlite.steps(begin, until):
                schema_editor.execute(statement.strip(), params=None)

    def _bring_postgres(self, schema_editor: Any) -> None:
        begin, until = self.postgresql
        name = schema()
        schema_editor.execute(
            f"SELECT pg_advisory_xact_lock(hashtext('tense migrate'), hashtext('{name}'))", params=None
        )
        if not schema_editor.collect_sql:
            there = f"SELECT 1 FROM pg_tables WHERE schemaname = '{name}' AND tablename = 'meta'"  # noqa: S608 - checked
            begin = _version(schema_editor, there, f"SELECT value FROM {name}.meta WHERE name = 'version'")  # noqa: S608 - checked
        if begin < until:
            if begin == 0:
                schema_editor.execute(postgres.in_schema(name, postgres.BEGIN).strip(), params=None)
            schema_editor.execute(postgres.steps(name, begin, until).strip(), params=None)


def _version(schema_editor: Any, there: str, version: str) -> int:
    with schema_editor.connection.cursor() as cursor:
        cursor.execute(there)
        if cursor.fetchone() is None:
            return 0
        cursor.execute(version)
        row = cursor.fetchone()
    return 0 if row is None else int(row[0])
