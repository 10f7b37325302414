import io
import json
import os
import pty
import subprocess
import sys

import pytest

from tense.cli.classify import LONGEST, lines, write_json
from tense.cli.questions import ask_about, better_name, verdict


def classify(*arguments, stdin=b"", **environment):
    command = [sys.executable, "-m", "tense.cli.classify", *arguments]
    return subprocess.run(
        command, input=stdin, capture_output=True, check=False, env={**os.environ, **environment}, timeout=30
    )


def on_a_terminal(*arguments, **environment):
    outer, inner = pty.openpty()
    bare = {name: value for name, value in os.environ.items() if name not in {"NO_COLOR", "TERM"}}
    command = [sys.executable, "-m", "tense.cli.classify", *arguments]
    process = subprocess.Popen(command, stdin=inner, stdout=inner, stderr=subprocess.PIPE, env=bare | environment)
    os.close(inner)
    written = b""
    try:
        while chunk := os.read(outer, 4096):
            written += chunk
    except OSError:  # the other end of a terminal is closed this way
        pass
    errors = process.stderr.read()
    process.stderr.close()
    os.close(outer)
    return process.wait(), written.decode(), errors.decode()


def talk(name, answers):
    said = io.StringIO()
    status = ask_about(name, io.StringIO(answers), said)
    return status, said.getvalue()


def test_names_are_answered_for_people_in_aligned_lines_without_colour_when_piped():
    done = classify("OrderPlaced", "ship-order", "Payment Requested")

    assert done.returncode == 0
    rows = done.stdout.decode().splitlines()
    assert [row.split("  ")[0] for row in rows] == ["OrderPlaced", "ship-order", "Payment Requested"]
    assert len({row.index(kind) for row, kind in zip(rows, ["event", "command", "event"], strict=True)}) == 1
    assert "\x1b" not in done.stdout.decode()


def test_a_better_name_is_shown_to_people():
    assert "Better: EmailSent" in classify("SendEmailEvent").stdout.decode()


def test_json_answers_each_line_in_order_with_the_five_fields():
    done = classify("--json", stdin=b"OrderPlaced\nPlaceOrder\nGetOrder\nPayment\nReset\n")

    answers = [json.loads(line) for line in done.stdout.splitlines()]
    assert [answer["name"] for answer in answers] == ["OrderPlaced", "PlaceOrder", "GetOrder", "Payment", "Reset"]
    assert [answer["kind"] for answer in answers] == ["event", "command", "query", "neither", "ambiguous"]
    assert all(list(answer) == ["name", "kind", "confidence", "why", "mend"] for answer in answers)


def test_names_given_as_arguments_are_answered_as_json_too():
    assert json.loads(classify("--json", "OrderPlaced").stdout)["kind"] == "event"


def test_each_answer_leaves_before_the_next_name_comes():
    process = subprocess.Popen(
        [sys.executable, "-m", "tense.cli.classify", "--json"], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    process.stdin.write(b"OrderPlaced\n")
    process.stdin.flush()

    answer = process.stdout.readline()

    assert json.loads(answer)["kind"] == "event"
    process.communicate(timeout=30)
    assert process.returncode == 0


def test_any_bytes_are_answered_and_an_empty_line_too():
    done = classify("--json", stdin=b"\xef\xbb\xbfOrderPlaced\r\n\n\xff\xfe\x00Foo\n\xed\xa0\x80\nGetOrder")

    answers = [json.loads(line) for line in done.stdout.splitlines()]
    assert done.returncode == 0
    assert [answer["kind"] for answer in answers][:2] == ["event", "neither"]
    assert answers[0]["name"] == "OrderPlaced"
    assert (len(answers), answers[-1]["kind"]) == (5, "query")


def test_a_line_of_a_megabyte_is_one_answer_and_its_rest_is_passed_over():
    source = io.BytesIO(b"OrderPlaced" * 100_000 + b"\nPlaceOrder\n")

    names = list(lines(source))

    assert [len(name) for name in names] == [LONGEST, len("PlaceOrder")]


def test_every_line_of_noise_gets_one_line_of_json():
    noise = bytes(range(256)) * 64
    target = io.BytesIO()

    write_json(lines(io.BytesIO(noise)), target)

    assert [json.loads(line) for line in target.getvalue().splitlines()]
    assert len(target.getvalue().splitlines()) == len(noise.split(b"\n"))


def test_a_name_cannot_move_the_cursor():
    assert "\x1b" not in classify("\x1b[31mOrderPlaced\x07").stdout.decode()


def test_a_name_that_the_terminal_cannot_write_is_shown_all_the_same():
    done = classify("Été", PYTHONIOENCODING="ascii", PYTHONUTF8="0")

    assert done.returncode == 0
    assert b"?t?" in done.stdout


def test_a_reader_that_leaves_early_is_no_error():
    names = b"OrderPlaced\n" * 50
    process = subprocess.Popen(
        [sys.executable, "-m", "tense.cli.classify", "--json"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    process.stdout.close()
    process.stdin.write(names)
    process.stdin.close()

    errors = process.stderr.read()
    process.stderr.close()

    assert (process.wait(timeout=30), errors) == (0, b"")


def test_a_terminal_gets_colour_unless_it_asks_not_to():
    assert "\x1b[32m" in on_a_terminal("OrderPlaced", TERM="xterm")[1]
    assert "\x1b" not in on_a_terminal("OrderPlaced", TERM="xterm", NO_COLOR="1")[1]
    assert "\x1b" not in on_a_terminal("OrderPlaced", TERM="dumb")[1]


def test_nothing_to_classify_is_a_usage_error():
    status, _, errors = on_a_terminal(TERM="xterm")

    assert status == 2
    assert "Give names" in errors


@pytest.mark.parametrize(
    "arguments", [("--ask", "Payment", "OrderPlaced"), ("--ask", "Payment", "--json"), ("--nonsense",)]
)
def test_arguments_that_do_not_go_together_are_a_usage_error(arguments):
    done = classify(*arguments)

    assert done.returncode == 2
    assert done.stderr


def test_four_answers_for_a_command_end_in_a_command_with_a_better_name_and_two_lines():
    status, said = talk("OrderPlaced", "a\na\na\na\n")

    assert status == 0
    assert "It is a command. A better name: PlaceOrder." in said
    assert said.endswith(
        "    class PlaceOrder(Command, owner=contract): ...\n    await client.execute(PlaceOrder(...))\n"
    )


def test_four_answers_for_an_event_end_in_an_event():
    status, said = talk("ship-order", "b\nb\nb\nb\n")

    assert status == 0
    assert "It is an event. A better name: order-shipped." in said
    assert "class OrderShipped(Event, owner=contract)" in said
    assert "publish(OrderShipped(...))" in said


def test_each_answer_is_shown_with_what_it_decides():
    _, said = talk("Payment", "a\nb\na\nb\n")

    assert said.count("command: ") == 2
    assert said.count("event: ") == 2
    assert [question in said for question in ("needs to know", "refused", "nobody listens", "ask or tell")] == [
        True
    ] * 4


def test_even_answers_are_two_messages():
    said = verdict("Payment", ["command", "event", "command", "event"])

    assert "RequestPayment" in said
    assert "PaymentReceived" in said


def test_three_answers_outvote_one_and_say_so():
    assert "It is an event (3 answers of 4)" in verdict("OrderPlaced", ["command", "event", "event", "event"])


def test_asking_for_data_is_a_query_and_no_message():
    assert "It is a query" in verdict("GetStock", ["command", "command", "command", "query"])


def test_answers_may_be_written_out_and_a_wrong_one_is_asked_again():
    status, said = talk("Payment", "one receiver\nwhat?\nA\na)\nI ask\n")

    assert status == 0
    assert "Please answer a or b." in said
    assert "It is a command" in said


@pytest.mark.parametrize("answers", ["", "a\n", "x\nx\nx\n"])
def test_too_few_answers_give_no_verdict(answers):
    status, said = talk("Payment", answers)

    assert status == 2
    assert "no verdict" in said


def test_a_name_that_fits_its_kind_is_kept():
    assert better_name("OrderPlaced", "event") == "OrderPlaced"
    assert better_name("PlaceOrder", "command") == "PlaceOrder"


def test_a_name_without_a_doing_gets_one():
    assert better_name("Payment", "event") == "PaymentReceived"
    assert better_name("GetStock", "command") == "RequestStock"
    assert better_name("OrderReady", "command") == "MarkOrderReady"


def test_the_questions_work_through_the_command_line():
    done = classify("--ask", "PaymentEvent", stdin=b"a\na\na\na\n")

    assert done.returncode == 0
    assert "RequestPayment" in done.stdout.decode()
