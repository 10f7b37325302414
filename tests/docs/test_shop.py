"""The shop: its demo as a whole, and its handlers as the plain functions they are."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from examples.shop.story.telling import Story

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.system
def test_the_demo_tells_its_story_and_every_claim_is_so(tmp_path: Path) -> None:
    environment = {**os.environ, "TMPDIR": str(tmp_path)}
    command = [sys.executable, "-m", "examples.shop.demo"]

    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=120, check=False)

    assert done.returncode == 0, done.stdout + done.stderr
    assert "claims, all of them so" in done.stdout
    assert "not so" not in done.stdout.replace("all of them so", "")
    assert "\033" not in done.stdout
    assert list(tmp_path.iterdir()) == []


def test_a_claim_that_is_not_so_ends_the_story_with_1(capsys: pytest.CaptureFixture[str]) -> None:
    story = Story()
    story.claim("water is wet", so=True)
    story.claim("water is dry", so=False, but="wet")

    status = story.end()

    assert status == 1
    assert "✗ not so: water is dry (found: wet)" in capsys.readouterr().out
