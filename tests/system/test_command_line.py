"""The command line as it is used: several processes on one SQLite file, signals, kills."""

import json
import signal
import time

import pytest
from command_line import APP, outcome, send, tense

pytestmark = pytest.mark.system


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
