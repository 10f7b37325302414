"""The command line as it is used: several processes on one SQLite file, signals, kills."""

import json
import os
import pty
import queue
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

pytestmark = pytest.mark.system

SOURCE = str(Path(__file__).resolve().parents[2] / "src")

LIMIT = 30.0

APP = """
import asyncio
import time

from tense import App, Command, Contract, Service, Transaction

work = Contract("work")
service = Service(work)


class DoWork(Command[str], owner=work, key="name"):
    name: str
    how: str = "quick"


@service.handles(DoWork)
async def do(command: DoWork, db: Transaction) -> str:
    print(f"begun {command.name}", flush=True)
    if command.how == "slow":
        await asyncio.sleep(1.0)
    elif command.how == "endless":
        await asyncio.sleep(3600)
    elif command.how == "blocking":
        time.sleep(3600)
    await db.execute("CREATE TABLE IF NOT EXISTS done (name TEXT)")
    await db.execute("INSERT INTO done VALUES (:name)", name=command.name)
    return f"did {command.name}"


app = App(service)
"""


class Running:
    """A process whose lines can be waited for."""

    def __init__(self, folder, *words):
        environment = {**os.environ, "PYTHONPATH": SOURCE, "PYTHONUNBUFFERED": "1"}
        environment.pop("TENSE_STORE", None)
        self.lines = []
        self._queue = queue.Queue()
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tense", *words],
            cwd=folder,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            text=True,
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self):
        for line in self.process.stdout:
            self._queue.put(line)
        self._queue.put(None)

    def until(self, text):
        """The first line with this text."""
        deadline = time.monotonic() + LIMIT
        while (left := deadline - time.monotonic()) > 0:
            line = self._queue.get(timeout=left)
            assert line is not None, f"ended without {text!r}: {''.join(self.lines)}"
            self.lines.append(line)
            if text in line:
                return line
        raise AssertionError(f"no {text!r} within {LIMIT} s: {''.join(self.lines)}")

    def ended(self):
        """The exit status, and everything that was written."""
        status = self.process.wait(LIMIT)
        self._reader.join(LIMIT)
        while (line := self._queue.get(timeout=LIMIT)) is not None:
            self.lines.append(line)
        self.process.stdout.close()
        return status, "".join(self.lines)


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "workapp.py").write_text(APP)
    (tmp_path / "pyproject.toml").write_text('[tool.tense]\napp = "workapp:app"\nstore = "sqlite:///work.db"\n')
    return tmp_path


@pytest.fixture
def start(folder):
    started = []

    def begin(*words):
        running = Running(folder, *words)
        started.append(running)
        return running

    yield begin
    for running in started:
        if running.process.poll() is None:
            running.process.kill()
            running.ended()


def tense(folder, *words, stdin=""):
    environment = {**os.environ, "PYTHONPATH": SOURCE}
    environment.pop("TENSE_STORE", None)
    return subprocess.run(
        [sys.executable, "-m", "tense", *words],
        cwd=folder,
        env=environment,
        input=stdin,
        capture_output=True,
        text=True,
        check=False,
        timeout=LIMIT,
    )


def send(folder, name, how="quick"):
    ran = tense(folder, "send", "DoWork", json.dumps({"name": name, "how": how}), "--id", name)
    assert ran.returncode == 0, ran.stderr


def outcome(folder, name, wait="0"):
    return json.loads(tense(folder, "outcome", name, "--wait", wait, "--json").stdout)


def test_what_one_process_sends_another_runs_and_a_third_learns_of(folder, start):
    send(folder, "early")
    running = start("run")
    running.until("running workapp:app on sqlite:///work.db")
    send(folder, "late")

    early, late = outcome(folder, "early", "10"), outcome(folder, "late", "10")

    assert (early["state"], early["result"]) == ("completed", "did early")
    assert (late["state"], late["result"]) == ("completed", "did late")
    assert json.loads(tense(folder, "list", "--json").stdout)["services"][0]["running"] == 1


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_one_signal_lets_running_handlers_end_and_leaves_with_0(folder, start, number):
    send(folder, "slow", "slow")
    running = start("run")
    running.until("begun slow")

    running.process.send_signal(number)
    status, said = running.ended()

    assert status == 0
    assert "stopping" in said
    assert said.rstrip().endswith("stopped.")
    assert outcome(folder, "slow")["state"] == "completed"


@pytest.mark.parametrize("how", ["endless", "blocking"])
def test_a_second_signal_ends_at_once_and_the_work_runs_again(folder, start, how):
    send(folder, "stuck", how)
    running = start("run")
    running.until("begun stuck")

    running.process.send_signal(signal.SIGTERM)
    running.until("stopping")
    began = time.monotonic()
    running.process.send_signal(signal.SIGTERM)
    status, said = running.ended()

    assert status == 128 + signal.SIGTERM
    assert time.monotonic() - began < 5
    assert "ending at once" in said
    (folder / "workapp.py").write_text(APP.replace("3600", "0"))
    start("run").until("begun stuck")
    assert outcome(folder, "stuck", "20")["state"] == "completed"


def test_what_a_killed_process_left_is_done_by_the_next(folder, start):
    send(folder, "unlucky", "endless")
    first = start("run")
    first.until("begun unlucky")
    first.process.kill()
    first.ended()

    (folder / "workapp.py").write_text(APP.replace("3600", "0"))
    start("run").until("begun unlucky")

    ended = outcome(folder, "unlucky", "20")
    assert ended["state"] == "completed"
    assert ended["attempts"] == 2


def test_log_lines_as_json_say_what_runs_and_what_was_handled(folder, start):
    running = start("run", "--log-format", "json", "--messages")
    running.until('"event":"started"')
    send(folder, "one")
    running.until('"handled"')

    running.process.terminate()
    status, said = running.ended()
    lines = [json.loads(line) for line in said.splitlines() if not line.startswith(("begun", "stopping"))]

    assert status == 0
    started = next(line for line in lines if line.get("event") == "started")
    handled = next(line["handled"] for line in lines if "handled" in line)
    assert started["services"] == ["work"]
    assert started["app"] == "workapp:app"
    assert (handled["type"], handled["id"], handled["outcome"]) == ("work.DoWork", "one", "done")
    assert lines[-1]["event"] == "stopped"


def test_only_the_services_named_run(folder, start):
    ran = tense(folder, "run", "--service", "wrok")

    assert ran.returncode == 2
    assert "Did you mean: --service work" in ran.stderr


def test_development_starts_again_when_a_file_changes(folder, start):
    running = start("dev")
    running.until("running workapp:app")
    send(folder, "before")
    assert "work.DoWork" in running.until("-> do done")

    (folder / "workapp.py").write_text(APP.replace('"did {command.name}"', '"really did {command.name}"'))
    running.until("workapp.py changed: starting again")
    running.until("running workapp:app")
    send(folder, "after")
    assert "really did after" in running.until("-> do done")

    running.process.terminate()
    status, said = running.ended()
    assert status == 0
    assert "Traceback" not in said


def test_development_goes_on_after_a_mistake_in_the_code(folder, start):
    running = start("dev")
    running.until("running workapp:app")

    (folder / "workapp.py").write_text("def broken(")
    running.until("cannot be imported")
    (folder / "workapp.py").write_text(APP)

    running.until("running workapp:app")


def test_development_leaves_nobody_behind_when_it_is_killed(folder, start):
    running = start("dev")
    running.until("running workapp:app")

    running.process.kill()

    assert "stopped." in running.until("stopped.")
    assert running.ended()[0] == -signal.SIGKILL


def test_development_names_the_extra_that_is_missing(folder):
    (folder / "hide.py").write_text(
        "import sys\nsys.modules['watchfiles'] = None\nfrom tense.cli.main import run\nraise SystemExit(run(['dev']))\n"
    )

    ran = subprocess.run(
        [sys.executable, "hide.py"],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": SOURCE},
        capture_output=True,
        text=True,
        check=False,
        timeout=LIMIT,
    )

    assert ran.returncode == 2
    assert "tense[reload]" in ran.stderr
    assert "--no-reload" in ran.stderr


def on_a_terminal(folder, *words):
    """Everything a person would see, who looks at both outputs of a verb."""
    outer, inner = pty.openpty()
    environment = {name: value for name, value in os.environ.items() if name not in {"NO_COLOR", "TENSE_STORE"}}
    environment |= {"PYTHONPATH": SOURCE, "TERM": "xterm", "COLUMNS": "100"}
    process = subprocess.Popen(
        [sys.executable, "-m", "tense", *words], cwd=folder, env=environment, stdin=inner, stdout=inner, stderr=inner
    )
    os.close(inner)
    seen = b""
    try:
        while chunk := os.read(outer, 65536):
            seen += chunk
    except OSError:  # the other end of a terminal is closed this way
        pass
    os.close(outer)
    return process.wait(LIMIT), seen.decode()


def test_a_person_sees_colours_and_a_bar_while_many_are_sent(folder):
    lines = "\n".join(json.dumps({"name": f"n{number}"}) for number in range(3000))
    (folder / "many.jsonl").write_text(lines)

    status, seen = on_a_terminal(folder, "send", "DoWork", "--file", "many.jsonl")

    assert status == 0
    assert "sending work.DoWork" in seen
    assert seen.rstrip().endswith("\x1b[36maccepted\x1b[0m 3,000")


def test_a_listing_is_coloured_for_a_person_and_plain_without_colour(folder):
    tense(folder, "db", "migrate")

    _, coloured = on_a_terminal(folder, "list")
    plain = tense(folder, "list").stdout

    assert "\x1b[1mservices\x1b[0m" in coloured
    assert "\x1b" not in plain


def test_messages_piped_slowly_are_accepted_as_they_come(folder):
    environment = {**os.environ, "PYTHONPATH": SOURCE, "PYTHONUNBUFFERED": "1"}
    environment.pop("TENSE_STORE", None)
    process = subprocess.Popen(
        [sys.executable, "-m", "tense", "send", "DoWork", "--id", "slow"],
        cwd=folder,
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        bufsize=1,
    )

    process.stdin.write('{"name": "a"}\n')
    first = process.stdout.readline()
    process.stdin.write('{"name": "b"}\n')
    second = process.stdout.readline()
    process.stdin.close()

    assert (first, second) == ("slow-1\n", "slow-2\n")
    assert process.wait(LIMIT) == 0
    process.stdout.close()
