"""The Django project: its own tests, and its real processes."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from urllib.error import HTTPError
from urllib.parse import urlsplit
from urllib.request import Request, urlopen
from uuid import uuid4

import pytest

ROOT = Path(__file__).resolve().parents[2]
MANAGE = (sys.executable, "-W", "error", "-m", "examples.django_orders.manage")


def manage(*words: str, database: str) -> str:
    environment = {**os.environ, "ORDERS_DATABASE": database}
    done = subprocess.run(
        [*MANAGE, *words], cwd=ROOT, env=environment, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


@pytest.fixture
def sqlite(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path}/orders.sqlite"


def test_its_tests_pass_on_sqlite(sqlite: str) -> None:
    assert "\nOK\n" in manage("test", "--noinput", database=sqlite)


@pytest.mark.server("postgres")
def test_its_tests_pass_on_postgres(postgres: str) -> None:
    database = urlsplit(postgres)._replace(path=f"/orders_{uuid4().hex[:8]}", query="").geturl()

    assert "\nOK\n" in manage("test", "--noinput", database=database)


def test_its_settings_models_and_messages_are_in_order(sqlite: str) -> None:
    manage("check", "--fail-level", "WARNING", database=sqlite)
    manage("makemigrations", "--check", "--dry-run", database=sqlite)
    checked = [sys.executable, "-m", "tense", "check", "examples.django_orders.worker:app"]
    environment = {**os.environ, "ORDERS_DATABASE": sqlite}
    done = subprocess.run(checked, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=60, check=False)

    assert "0 errors, 0 warnings, 0 notes over" in done.stdout, done.stdout + done.stderr


@contextmanager
def running(*command: str, environment: Mapping[str, str]) -> Iterator[None]:
    process = subprocess.Popen(command, cwd=ROOT, env=environment, start_new_session=True)
    try:
        yield
    finally:
        # The development server is two processes.
        os.killpg(process.pid, signal.SIGTERM)
        process.wait(20)


@pytest.mark.system
def test_the_development_server_and_a_worker_are_two_processes_on_one_database(sqlite: str) -> None:
    manage("migrate", database=sqlite)
    environment = {**os.environ, "ORDERS_DATABASE": sqlite}
    place = f"127.0.0.1:{free_port()}"
    worker = (sys.executable, "-W", "error", "-m", "tense", "run", "examples.django_orders.worker:app")

    with running(*MANAGE, "runserver", place, environment=environment), running(*worker, environment=environment):
        number = asked(f"http://{place}/orders/", {"sku": "tea", "count": 2})["order"]
        for _ in range(200):
            if (order := asked(f"http://{place}/orders/{number}/"))["packed"]:
                break
            time.sleep(0.05)
        cancelled = asked(f"http://{place}/orders/{number}/cancel/", {})

    assert order == {"order": number, "cancelled": False, "packed": True}
    assert cancelled == {"order": number, "cancelled": True}


def asked(url: str, content: object = None) -> dict[str, object]:
    """What a page answers; while its server starts it does not."""
    request = Request(url, data=None if content is None else json.dumps(content).encode())
    for _ in range(400):
        try:
            with urlopen(request, timeout=30) as answer:
                return dict(json.load(answer))
        except HTTPError as error:
            pytest.fail(f"{url}: {error.code}\n{error.read().decode()[:2000]}")
        except OSError:
            time.sleep(0.05)
    pytest.fail(f"{url} does not answer")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
