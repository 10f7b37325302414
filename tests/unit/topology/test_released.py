"""`tense check NEW --against OLD`: what the last release promised must still hold."""

import subprocess
import sys
from pathlib import Path

ORDERS = """
asyncapi: 3.0.0
info: {{title: orders, version: 1.0.0}}
channels:
  placed:
    address: orders.placed
    messages:
      OrderPlaced: {{$ref: '#/components/messages/OrderPlaced'}}
operations:
  publishPlaced:
    action: send
    channel: {{$ref: '#/channels/placed'}}
components:
  messages:
    OrderPlaced:
      name: OrderPlaced
      x-eventcatalog-message-type: event
      payload:
        type: object
        required: [{fields}]
        properties: {{{properties}}}
"""


def document(folder: Path, name: str, *fields: str) -> Path:
    properties = ", ".join(f"{field}: {{type: string}}" for field in fields)
    path = folder / name
    path.write_text(ORDERS.format(fields=", ".join(fields), properties=properties))
    return path


def check(new: Path, *more: str) -> subprocess.CompletedProcess[str]:
    words = [sys.executable, "-m", "tense", "check", str(new), "--select", "S15", *more]
    return subprocess.run(words, capture_output=True, text=True, check=False, cwd=new.parent)


def test_a_field_that_the_last_release_had_and_this_one_lacks_is_a_breaking_change(tmp_path: Path) -> None:
    old = document(tmp_path, "old.yaml", "order_id", "total", "currency")
    new = document(tmp_path, "new.yaml", "order_id", "total")

    alone, compared = check(new), check(new, "--against", str(old))

    assert (alone.returncode, "S15" in alone.stdout.splitlines()[0]) == (0, False)
    assert compared.returncode == 1
    assert "breaking-change" in compared.stdout
    assert "currency" in compared.stdout


def test_the_same_release_breaks_nothing(tmp_path: Path) -> None:
    old = document(tmp_path, "old.yaml", "order_id", "total")

    assert check(old, "--against", str(old)).returncode == 0


def test_a_last_release_that_cannot_be_read_is_refused_in_one_line(tmp_path: Path) -> None:
    new = document(tmp_path, "new.yaml", "order_id")
    old = tmp_path / "old.yaml"
    old.write_text("{")

    refused = check(new, "--against", str(old))

    assert refused.returncode == 2
    assert "Traceback" not in refused.stderr
    assert len(refused.stderr.strip().splitlines()) == 1
