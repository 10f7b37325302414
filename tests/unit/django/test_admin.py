"""Whoever may look sees why messages were given up; nobody can change anything here."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from asked import Asked
from django.contrib.auth.models import Permission, User
from django.core.management import call_command
from django.db import connection
from django.test import Client, override_settings
from django.utils import timezone
from django_site import databases, described

from tense import App, Command, CommandFailed, Contract, Retry, Service
from tense.django.conf import table
from tense.django.models import DeadLetter

mailing = Contract("mailing")

LIST = "/admin/tense/deadletter/"


class SendMail(Command, owner=mailing, key="to"):
    to: str
    text: str


def failing() -> Service:
    service = Service(mailing)

    @service.handles(SendMail, retry=Retry(attempts=1))
    async def send(command: SendMail) -> None:
        text = f"no such mailbox: {command.to}\nand a second line"
        raise LookupError(text)

    return service


async def give_up(store: str, *texts: str) -> None:
    async with App(failing(), store=store).running() as client:
        for number, text in enumerate(texts):
            with pytest.raises(CommandFailed):
                await client.execute(SendMail(to=f"ada-{number}", text=text), id=f"mail-{number}")


@pytest.fixture
def on_sqlite(tmp_path: Path) -> Iterator[str]:
    address = f"sqlite:///{tmp_path}/shop.db"
    with databases(default=described(address)):
        yield address


@contextmanager
def named_anew() -> Iterator[None]:
    """The model as a process has it whose settings are these from the beginning: its table is named when it is made."""
    about = DeadLetter._meta
    before, about.db_table = about.db_table, table.__wrapped__("dead")
    forget_columns()
    try:
        yield
    finally:
        about.db_table = before
        forget_columns()


def forget_columns() -> None:
    for field in DeadLetter._meta.fields:
        vars(field).pop("cached_col", None)


@pytest.fixture
def on_postgres(postgres: str) -> Iterator[str]:
    """Tense's tables in a schema that Django's own connections do not look into by themselves."""
    tables = Asked(postgres).schema
    site = {**described(postgres), "OPTIONS": {"options": f"-c search_path={tables}_site"}}
    with databases(default=site), override_settings(TENSE_SCHEMA=tables), named_anew():
        with connection.cursor() as cursor:
            cursor.execute(f"CREATE SCHEMA {tables}_site")
        try:
            yield postgres
        finally:
            with connection.cursor() as cursor:
                cursor.execute(f"DROP SCHEMA {tables}_site CASCADE")


@pytest.fixture(params=["on_sqlite", pytest.param("on_postgres", marks=pytest.mark.server("postgres"))])
def store(request: pytest.FixtureRequest) -> str:
    address: str = request.getfixturevalue(request.param)
    call_command("migrate", verbosity=0)
    return address


@pytest.fixture
def admin(store: str) -> Client:
    User.objects.create_superuser("ada", password="secret")
    client = Client()
    assert client.login(username="ada", password="secret")
    return client


def test_the_list_says_why_which_and_when(store: str, admin: Client) -> None:
    asyncio.run(give_up(store, "hello", "again"))

    page = admin.get(LIST).content.decode()

    for seen in ("exhausted", "mailing.SendMail", "ada-0", "ada-1", "LookupError: no such mailbox: ada-0"):
        assert seen in page
    assert "and a second line" not in page
    assert f"{datetime.now(UTC):%Y}" in page
    assert "Add dead letter" not in page


def test_it_can_be_filtered_searched_and_sorted(store: str, admin: Client) -> None:
    asyncio.run(give_up(store, "hello", "again"))

    found = admin.get(LIST, {"q": "mail-1", "reason": "exhausted", "o": "-7"}).content.decode()
    none = admin.get(LIST, {"consumer": "nobody"}).content.decode()

    assert "ada-1" in found
    assert "ada-0" not in found
    assert "0 dead letters" in none


def test_the_page_of_one_shows_headers_body_and_traceback(store: str, admin: Client) -> None:
    asyncio.run(give_up(store, "<script>alert(1)</script>"))

    page = admin.get(f"{LIST}1/change/").content.decode()

    assert "Traceback (most recent call last)" in page
    assert "and a second line" in page
    assert "&quot;type&quot;: &quot;mailing.SendMail&quot;" in page
    assert "&quot;text&quot;: &quot;&lt;script&gt;alert(1)&lt;/script&gt;&quot;" in page
    assert "<script>alert(1)" not in page
    assert "tense dead redrive 1" in page
    assert 'name="_save"' not in page


@pytest.mark.parametrize(
    ("body", "shown"),
    [
        (b'{"a":1}', "&quot;a&quot;: 1"),
        (b"words \xc3\xa4", "words ä"),
        (b"\xff\x00\x01", "ff 00 01"),
        (b"x" * 70_000, "... and 4,464 bytes more"),
        (b"", '<pre class="tense"></pre>'),
    ],
)
def test_any_bytes_are_shown_somehow(store: str, admin: Client, body: bytes, shown: str) -> None:
    asyncio.run(give_up(store, "hello"))
    with connection.cursor() as cursor:
        cursor.execute(f"UPDATE {DeadLetter._meta.db_table} SET body = %s, key = NULL, traceback = ''", [body])

    assert shown in admin.get(f"{LIST}1/change/").content.decode()
    assert admin.get(LIST).status_code == 200


@pytest.mark.parametrize("path", [f"{LIST}add/", f"{LIST}1/change/", f"{LIST}1/delete/"])
def test_not_even_a_superuser_adds_changes_or_deletes(store: str, admin: Client, path: str) -> None:
    asyncio.run(give_up(store, "hello"))

    answer = admin.post(path, {"post": "yes", "reason": "other", "number": "1"})
    admin.post(LIST, {"action": "delete_selected", "_selected_action": "1", "post": "yes"})

    assert answer.status_code == 403
    assert DeadLetter.objects.count() == 1
    assert DeadLetter.objects.get().reason == "exhausted"


def test_who_may_not_look_sees_nothing_and_who_may_only_looks(store: str) -> None:
    asyncio.run(give_up(store, "hello"))
    user = User.objects.create_user("bob", password="secret", is_staff=True)
    client = Client()
    client.login(username="bob", password="secret")

    before = client.get(LIST).status_code
    user.user_permissions.add(Permission.objects.get(codename="view_deadletter"))
    after = client.get(LIST).status_code

    assert (before, after) == (403, 200)
    assert [one.codename for one in Permission.objects.filter(content_type__app_label="tense")] == ["view_deadletter"]


@pytest.mark.parametrize("aware", [True, False])
def test_moments_are_datetimes_in_python(store: str, aware: bool) -> None:
    begin = datetime.now(UTC)
    asyncio.run(give_up(store, "hello"))

    with override_settings(USE_TZ=aware):
        hour_ago, hour_hence = (begin + timedelta(hours=hours) for hours in (-1, 1))
        letter = DeadLetter.objects.get(died__gt=hour_ago, died__lt=hour_hence)

    assert (letter.died.tzinfo is not None) == aware
    assert not DeadLetter.objects.filter(accepted__lt=hour_ago).exists()
    died = letter.died if aware else timezone.make_aware(letter.died)
    assert abs(died - begin) < timedelta(minutes=1)
