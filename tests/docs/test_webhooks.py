"""The webhooks example on real input: its figures, twice."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
RECORDED = ROOT / ".." / "shared" / "conformance" / "open" / "payload" / "github-webhooks"


def run(folder: Path, *words: str, status: int = 0) -> str:
    command = [sys.executable, "examples/webhooks/run.py", "--input", str(folder), *words]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == status, done.stdout + done.stderr
    return done.stdout or done.stderr


def figures(folder: Path, *words: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(run(folder, "--json", *words))
    return found


def write(folder: Path, name: str, **fields: object) -> None:
    about = {"repository": {"full_name": "octo/tea"}, "sender": {"login": "ada"}}
    (folder / name).write_text(json.dumps({**about, **fields}))


@pytest.fixture
def recorded() -> Path:
    if not RECORDED.is_dir():
        pytest.skip(f"the recorded payloads are not beside this checkout: {RECORDED}")
    return RECORDED


def test_each_recorded_payload_becomes_a_command_and_each_command_an_event(recorded: Path) -> None:
    found = figures(recorded)

    assert (found["files_read"], found["commands_accepted"], found["new"]) == (86, 86, 86)
    assert found["refused"] == {}
    assert sum(found["events"].values()) == 86
    assert found["events"]["IssueAssigned"] == 3
    assert found["events"]["RunCompleted"] == 10
    assert found["events"]["AlertRaised"] == 5
    assert found["events"]["MemberAdded"] == 5
    assert found["events"]["ReviewSubmitted"] == 2
    assert found["events"]["RepositoryStarred"] == 1


def test_a_second_run_changes_nothing(recorded: Path, tmp_path: Path) -> None:
    store = f"sqlite:///{tmp_path}/webhooks.db"

    first = figures(recorded, "--store", store)
    second = figures(recorded, "--store", store)

    assert (first.pop("new"), second.pop("new")) == (86, 0)
    assert first == second
    assert sum(sum(place.values()) for place in second["digest"].values()) == 86


def test_a_pull_request_that_is_closed_was_merged_or_was_not(tmp_path: Path) -> None:
    write(tmp_path, "pull_request__closed.payload.json", action="closed", pull_request=ticket(merged=True))
    write(tmp_path, "pull_request__closed.1.payload.json", action="closed", pull_request=ticket(merged=False))
    write(tmp_path, "pull_request__opened.payload.json", action="opened", pull_request=ticket())
    write(tmp_path, "issues__opened.payload.json", action="opened", issue=ticket())

    found = figures(tmp_path)

    names = ("PullRequestMerged", "PullRequestClosed", "PullRequestOpened", "IssueOpened")
    assert found["events"] == dict.fromkeys(sorted(names), 1)
    assert found["people"] == {"ada": 4}


def test_an_action_nobody_has_heard_of_is_told_in_its_own_word(tmp_path: Path) -> None:
    write(tmp_path, "issues__typed.payload.json", action="typed", issue=ticket())
    write(tmp_path, "milestone__frozen.payload.json", action="frozen", milestone={"title": "v1"})

    found = figures(tmp_path)

    assert found["events"] == {"ActivityNoted": 2}


def test_the_same_content_twice_is_one_command(tmp_path: Path) -> None:
    write(tmp_path, "issues__opened.payload.json", action="opened", issue=ticket())
    write(tmp_path, "issues__opened.1.payload.json", action="opened", issue=ticket())

    found = figures(tmp_path)

    assert (found["commands_accepted"], found["duplicates"], found["events"]) == (2, 1, {"IssueOpened": 1})


def test_what_cannot_be_used_is_refused_with_its_reason(tmp_path: Path) -> None:
    broken = {
        "issues__opened.1.payload.json": (b"", "empty"),
        "issues__opened.2.payload.json": (b'{"action":', "not-json"),
        "issues__opened.3.payload.json": (b"\xff\xfe\x00", "not-json"),
        "issues__opened.4.payload.json": (b"[" * 100_000, "not-json"),
        "issues__opened.5.payload.json": (b'{"number": NaN}', "not-json"),
        "issues__opened.6.payload.json": (b"[1, 2]", "not-an-object"),
        "issues__opened.7.payload.json": (b'{"a": 1, "a": 2}', "ambiguous"),
        "issues__opened.8.payload.json": (b'{"action": "opened"}', "unusable"),
        "issues__opened.9.payload.json": (b'{"action": 7}', "unusable"),
        "feelings__hurt.payload.json": (b"{}", "unknown-event"),
        "README.md": (b"words", "unknown-event"),
    }
    for name, (body, _) in broken.items():
        (tmp_path / name).write_bytes(body)
    write(tmp_path, "issues__opened.10.payload.json", action="opened", issue={"number": "one", "title": "t"})
    write(tmp_path, "issues__opened.11.payload.json", action="opened", issue=ticket(title="\ud800"))
    write(tmp_path, "issues__opened.12.payload.json", action="opened", issue=ticket(title="t" * 2_000_000))
    (tmp_path / "issues__opened.13.payload.json").symlink_to(tmp_path / "nowhere")
    write(tmp_path, "release__created.14.payload.json", action="created", release={"\ud800": 1})

    found = figures(tmp_path)

    reasons = {refusal["file"]: refusal["reason"] for refusal in found["refusals"]}
    assert {name: reasons[name] for name in broken} == {name: reason for name, (_, reason) in broken.items()}
    others = [reasons[f"issues__opened.{number}.payload.json"] for number in (10, 11, 12, 13)]
    assert others == ["unusable", "unusable", "too-large", "unreadable"]
    assert reasons["release__created.14.payload.json"] == "unusable"
    assert (found["files_read"], found["commands_accepted"]) == (16, 0)


def test_a_person_gets_words_and_figures(tmp_path: Path) -> None:
    write(tmp_path, "star__created.payload.json", action="created")

    text = run(tmp_path)

    assert text.startswith("1 files read, 1 commands accepted, 1 of them new, 0 refused\n")
    assert "RepositoryStarred" in text


def test_wrong_words_are_explained_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "file.db").write_text("this is no database, and it is long enough to be looked at closely")

    nowhere = run(tmp_path / "nowhere", status=2)
    memory = run(tmp_path, "--store", "memory:", status=2)
    broken = run(tmp_path, "--store", f"sqlite:///{tmp_path}/file.db", status=1)

    assert nowhere.endswith("is no folder. --input names the folder with the recorded payloads.\n")
    assert memory == "--store memory:: the report is read from SQLite; write sqlite:///FILE.\n"
    assert "is not a SQLite database" in broken


def ticket(**others: object) -> dict[str, object]:
    return {"number": 1, "title": "Tea is cold", **others}
