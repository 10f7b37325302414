"""Each process of a Django server has a client of its own, however it came to be."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

pytestmark = pytest.mark.system

PYTHON = (sys.executable, "-W", "error", "-W", "ignore:This process:DeprecationWarning")
"""From 3.12 on Python warns of every fork of a process with threads; servers that load before they fork do that."""

SITE = """
import os

import django
from django.conf import settings

settings.configure(
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": os.environ["SHOP"]}},
    INSTALLED_APPS=["tense.django"],
    TENSE_APP="shop:app",
    USE_TZ=True,
)
django.setup()
"""

SHOP = """
import os

import site_of_shop
from tense import App, Command, Contract, Service
from tense.django.conf import store_address

orders = Contract("orders")


class PlaceOrder(Command[int], owner=orders):
    number: int


service = Service(orders)


@service.handles(PlaceOrder)
def place(command: PlaceOrder) -> int:
    return command.number * 2


app = App(service, store=store_address())
"""

FORKS = """
import os, sys
import shop
from tense.django.client import client
from tense.errors import ClosedError

def ask(number):
    return client().execute(shop.PlaceOrder(number=number), timeout=20)

before = client()
assert ask(1) == 2 and client() is before
children = []
for number in (2, 3, 4):
    child = os.fork()
    if not child:
        try:
            before.execute(shop.PlaceOrder(number=9))
        except ClosedError as error:
            said = str(error)
        assert "forked" in said and "open it in the child" in said
        assert ask(number) == 2 * number and client() is not before
        os.write(1, f"child {number}\\n".encode())  # the children share one pipe, and print writes a line in parts
        sys.exit(0)
    children.append(child)
for child in children:
    assert os.waitpid(child, 0)[1] == 0
assert ask(5) == 10 and client() is before
print("parent")
"""

PREFORK = """
import os, signal, sys
from wsgiref.simple_server import WSGIRequestHandler, make_server
from urllib.parse import parse_qs
import shop
from tense.django.client import client

# As a server that loads the program before it forks: something there has asked before.
assert client().execute(shop.PlaceOrder(number=1), timeout=20) == 2

class Quiet(WSGIRequestHandler):
    def log_message(self, *words): pass

def view(environ, start):
    number = int(parse_qs(environ["QUERY_STRING"])["number"][0])
    start("200 OK", [("Content-Type", "text/plain")])
    return [f"{client().execute(shop.PlaceOrder(number=number), timeout=20)} {os.getpid()}".encode()]

server = make_server("127.0.0.1", 0, view, handler_class=Quiet)
children = [os.fork() for _ in range(2) if os.getpid() == int(os.environ.setdefault("FIRST", str(os.getpid())))]
if 0 in children:
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    with server:
        server.serve_forever()
print("at", server.server_port, *children, flush=True)
server.server_close()
signal.signal(signal.SIGTERM, lambda *_: [os.kill(child, signal.SIGTERM) for child in children])
print("ends", *(os.waitpid(child, 0)[1] for child in children))
"""


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    (tmp_path / "site_of_shop.py").write_text(SITE)
    (tmp_path / "shop.py").write_text(SHOP)
    return {**os.environ, "SHOP": str(tmp_path / "shop.db"), "PYTHONPATH": str(tmp_path)}


@contextmanager
def started(
    *words: str, folder: Path, environment: dict[str, str], told: str
) -> Iterator[tuple["subprocess.Popen[str]", str]]:
    """A process, when it has told that it is ready."""
    process = subprocess.Popen(
        [*PYTHON, *words],
        cwd=folder,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        assert process.stdout is not None
        for line in process.stdout:
            if line.startswith(told):
                yield process, line
                break
        else:
            pytest.fail(f"it ended with {process.wait()} before it was ready")
    finally:
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=20)


@pytest.fixture
def worker(tmp_path: Path, environment: dict[str, str]) -> Iterator[None]:
    with started("-m", "tense", "run", "shop:app", folder=tmp_path, environment=environment, told="running "):
        yield


def test_a_forked_child_has_a_client_of_its_own(worker: None, tmp_path: Path, environment: dict[str, str]) -> None:
    done = subprocess.run(
        [*PYTHON, "-c", FORKS],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert done.stderr == ""
    assert done.returncode == 0
    assert sorted(done.stdout.splitlines()) == ["child 2", "child 3", "child 4", "parent"]


def test_a_server_that_forks_after_loading_answers_from_every_child(
    worker: None, tmp_path: Path, environment: dict[str, str]
) -> None:
    from urllib.request import urlopen

    with started("-c", PREFORK, folder=tmp_path, environment=environment, told="at ") as (server, line):
        _, port, *children = line.split()
        answered = dict[str, str]()
        for number in range(200):
            with urlopen(f"http://127.0.0.1:{port}/?number={number}", timeout=30) as answer:
                result, pid = answer.read().decode().split()
            assert int(result) == 2 * number
            answered[pid] = result
            if set(answered) == set(children):
                break
        server.send_signal(signal.SIGTERM)
        printed = server.communicate(timeout=20)[0]

    assert set(answered) == set(children)
    assert printed == "ends 0 0\n"
