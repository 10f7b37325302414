"""The command line before a person at a terminal, and behind a pipe."""

import json
import os
import pty
import subprocess
import sys

import pytest
from command_line import LIMIT, surroundings, tense

pytestmark = pytest.mark.system


def on_a_terminal(folder, *words):
    """Everything a person would see, who looks at both outputs of a verb."""
    outer, inner = pty.openpty()
    environment = surroundings(TERM="xterm", COLUMNS="100")
    environment.pop("NO_COLOR", None)
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
    process = subprocess.Popen(
        [sys.executable, "-m", "tense", "send", "DoWork", "--id", "slow"],
        cwd=folder,
        env=surroundings(PYTHONUNBUFFERED="1"),
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
