"""Bad input of every kind is handled or refused in words; and what does harm is found out."""

import asyncio
import os
import subprocess
import sys
from errno import EACCES
from io import BytesIO
from pathlib import Path
from unittest.mock import patch

import msgspec
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tense.testing.badinput import MOST, Verdict, feed_all, files_of, report

BY_HAND: dict[str, bytes] = {
    "nothing": b"",
    "NUL": b"\x00",
    "every byte": bytes(range(256)),
    "a BOM": b"\xef\xbb\xbf{}",
    "UTF-16": "{}".encode("utf-16"),
    "a depth bomb": b"[" * 200_000,
    "a closed depth bomb": b'{"more": {"a": ' + b"[" * 100_000 + b"]" * 100_000 + b"}}",
    "objects in objects": b'{"more":' * 50_000 + b"1" + b"}" * 50_000,
    "a long number": b'{"number": ' + b"9" * 100_000 + b"}",
    "a long fraction": b'{"ratio": 0.' + b"1" * 100_000 + b"}",
    "a large exponent": b'{"ratio": 1e999999}',
    "NaN": b'{"ratio": NaN}',
    "a lone surrogate": b'{"name": "\\ud800"}',
    "invalid UTF-8": b'{"name": "\xc3\x28"}',
    "an overlong slash": b'{"name": "\xc0\xaf"}',
    "a key a thousand times": b"{" + b",".join([b'"name": "x"'] * 1000) + b"}",
    "many keys": b"{" + b",".join(b'"k%d": 1' % n for n in range(50_000)) + b"}",
    "a megabyte": b'{"name": "' + b"a" * 1_000_000 + b'"}',
    "five megabytes": b'{"name": "' + b"a" * 5_000_000 + b'"}',
    "a quote and more headers": b'", "id": "other", "kind": "event", "deadline": -1, "x": "',
    "a quote and a deep header": b'"}, "headers": ' + b'{"a":' * 10_000,
    "a command it is not": b'{"kind": "event"}',
    "markup": b"<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>",
}

NEAR_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=8,
)
NAMES = st.sampled_from(["name", "number", "ratio", "flag", "items", "more", "other"])


@st.composite
def near_misses(draw: st.DrawFn) -> bytes:
    """A body that is nearly right: values of any kind for known fields, and then a byte changed, cut or added."""
    text = msgspec.json.encode(draw(st.dictionaries(NAMES, NEAR_JSON, max_size=5)))
    place = draw(st.integers(0, len(text)))
    return text[:place] + draw(st.binary(max_size=3)) + text[place + draw(st.integers(0, 2)) :]


def faults(*inputs: tuple[str, bytes]) -> list[str]:
    return [f"{v.name} as {v.place}: {v.fault}" for v in asyncio.run(feed_all(inputs)) if v.fault is not None]


def test_what_was_made_by_hand_is_handled_or_refused():
    assert faults(*BY_HAND.items()) == []


@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(near_misses() | st.binary(max_size=60), min_size=5, max_size=10))
def test_near_misses_are_handled_or_refused(bodies: list[bytes]):
    assert faults(*((repr(body), body) for body in bodies)) == []


def test_a_folder_on_the_command_line(tmp_path: Path):
    (tmp_path / "inner").mkdir()
    (tmp_path / "good.json").write_bytes(b'{"name": "x"}')
    (tmp_path / "inner" / "bad.bin").write_bytes(b"\xff")

    ran = subprocess.run(
        [sys.executable, "-m", "tense.testing.badinput", str(tmp_path)], capture_output=True, text=True, check=False
    )

    assert (ran.returncode, ran.stderr) == (0, "")
    assert ran.stdout.startswith("7 inputs: 4 handled, 3 refused, 0 faults; slowest ")


def test_what_takes_too_long_or_too_much_or_crashes_is_a_fault():
    fine = {"name": "x", "place": "body", "end": "handled", "seconds": 0.1, "megabytes": 1.0}
    bad = [{"seconds": 1.5}, {"megabytes": 101.0}, {"end": "crash: KeyError: 'x'"}]

    lines = report([Verdict(**{**fine, **change}) for change in ({}, *bad)]).splitlines()

    assert lines[:3] == ["x as body: took 1.5 s", "x as body: took 101 MB", "x as body: crash: KeyError: 'x'"]
    assert lines[3].startswith("4 inputs: 1 handled, 0 refused, 3 faults")


def test_a_folder_with_pipes_circles_and_strange_names_is_walked_to_its_end(tmp_path: Path):
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "circle").symlink_to(tmp_path)
    (tmp_path / "itself").symlink_to("itself")
    (tmp_path / "endless").symlink_to("/dev/zero")
    (tmp_path / "folder.json").mkdir()
    (tmp_path / os.fsdecode(b"\xff\n")).write_bytes(b"x")
    with (tmp_path / "long").open("wb") as file:
        file.truncate(50_000_000)

    inputs = dict(files_of(tmp_path))

    assert {name: len(data) for name, data in inputs.items()} == {os.fsdecode(b"\xff\n"): 1, "long": MOST}
    assert faults(*inputs.items()) == []


def test_a_file_that_cannot_be_read_is_told_and_the_others_are_fed(tmp_path: Path):
    (tmp_path / "good").write_bytes(b"{}")
    (tmp_path / "secret").write_bytes(b"{}")
    unread: list[str] = []

    with patch.object(Path, "open", autospec=True, side_effect=_refused):
        names = [name for name, _ in files_of(tmp_path, unread)]

    assert names == ["good"]
    assert unread == ["secret was not fed: Permission denied"]


def test_a_fault_under_a_name_that_cannot_be_printed_is_told():
    verdict = Verdict(name=os.fsdecode(b"\xff"), place="body", end="crash", seconds=0.0, megabytes=0.0)

    assert report([verdict]).startswith("\\udcff as body: crash")


def _refused(path: Path, mode: str) -> BytesIO:
    if path.name == "secret":
        raise PermissionError(EACCES, "Permission denied")
    return BytesIO(b"{}")
