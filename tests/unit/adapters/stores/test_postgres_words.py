"""What the PostgreSQL adapter does without a server: parameters, positions, addresses, scripts."""

import pytest

from tense.adapters.stores.postgres.address import read_address
from tense.adapters.stores.postgres.positions import packed, unpacked
from tense.adapters.stores.postgres.schema import in_schema, script
from tense.adapters.stores.postgres.translate import adds_one_row, numbered
from tense.errors import StoreUnusableError


@pytest.mark.parametrize(
    ("written", "sent", "names"),
    [
        ("SELECT :a, :b", "SELECT $1, $2", ("a", "b")),
        ("SELECT :a, :b, :a", "SELECT $1, $2, $1", ("a", "b")),
        ("SELECT :a::int", "SELECT $1::int", ("a",)),
        ("SELECT ':a', :a", "SELECT ':a', $1", ("a",)),
        ("SELECT 'it''s :a'", "SELECT 'it''s :a'", ()),
        (r"SELECT E'\':a', :b", r"SELECT E'\':a', $1", ("b",)),
        ('SELECT ":a" FROM t', 'SELECT ":a" FROM t', ()),
        ("SELECT 1 -- :a\n, :b", "SELECT 1 -- :a\n, $1", ("b",)),
        ("SELECT /* :a \n */ :b", "SELECT /* :a \n */ $1", ("b",)),
        ("SELECT $$ :a $$, $tag$ :b $tag$, :c", "SELECT $$ :a $$, $tag$ :b $tag$, $1", ("c",)),
        ("SELECT x[1:2]", "SELECT x[1:2]", ()),
    ],
)
def test_names_become_numbers_outside_of_texts_and_comments(written: str, sent: str, names: tuple[str, ...]) -> None:
    assert numbered(written) == (sent, names)


def test_positions_order_as_transactions_and_then_as_rows() -> None:
    places = [(0, 2**63 - 1), (1, 0), (1, 7), (2, 3), (2**62, 1)]

    positions = [packed(*place) for place in places]

    assert positions == sorted(positions)
    assert [unpacked(position) for position in positions] == places


def test_an_address_keeps_the_drivers_words_and_reads_its_own() -> None:
    address = read_address("postgresql://ann:secret@db.example/shop?schema=tenant_7&pool=4&sslmode=require")

    assert (address.schema, address.pool, address.notify) == ("tenant_7", 4, True)
    assert address.dsn == "postgresql://ann:secret@db.example/shop?sslmode=require"
    assert address.shown == "postgresql://ann@db.example/shop"


def test_behind_a_pooler_nobody_listens() -> None:
    assert read_address("postgresql://h/d?pooler=transaction").notify is False


@pytest.mark.parametrize("words", ["schema=Tenant", "schema=a;drop", "pool=0", "pool=many", "pooler=session"])
def test_an_address_with_a_word_that_cannot_be_is_refused(words: str) -> None:
    with pytest.raises(StoreUnusableError, match=words.partition("=")[0]):
        read_address(f"postgresql://h/d?{words}")


def test_a_script_for_another_schema_names_no_other() -> None:
    written = script("tenant_7")

    assert "tense." not in written
    assert "CREATE SCHEMA IF NOT EXISTS tenant_7;" in written
    assert written.startswith("BEGIN;")
    assert written.endswith("COMMIT;\n")


def test_words_that_only_look_like_the_schema_are_left_alone() -> None:
    assert in_schema("b", "SELECT 'pretense.x' FROM tense.log") == "SELECT 'pretense.x' FROM b.log"


def test_the_command_line_prints_the_script_and_runs_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    from tense.cli.db import migrate

    migrate(store="postgresql://nobody@127.0.0.1:1/none?schema=tenant_7", sql=True)

    assert capsys.readouterr().out == script("tenant_7")


@pytest.mark.parametrize(
    ("text", "one"),
    [
        ("INSERT INTO t (a, b) VALUES ($1, $2)", True),
        ("  insert into s.t values ($1, now(), coalesce($2, lower('x')));\n", True),
        ("INSERT INTO \"t\" (a) VALUES (current_setting('a', true))", True),
        ("INSERT INTO t VALUES ($1), ($2)", False),
        ("INSERT INTO t VALUES ('a), (b')", False),
        ("INSERT INTO t SELECT $1", False),
        ("INSERT INTO t VALUES ((SELECT max(a) FROM t))", False),
        ("INSERT INTO t VALUES ($1) RETURNING a", False),
        ("INSERT INTO t VALUES ($1) ON CONFLICT DO NOTHING", False),
        ("INSERT INTO t VALUES ($1); DELETE FROM t", False),
        ("WITH x AS (DELETE FROM t) INSERT INTO t VALUES ($1)", False),
        ("UPDATE t SET a = $1", False),
    ],
)
def test_what_is_known_to_add_one_row(text: str, one: bool) -> None:
    assert adds_one_row(text) is one
