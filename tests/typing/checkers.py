"""Runs mypy and pyright once each, over every snippet and program, and gives what they report by file and line."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
SNIPPETS = HERE / "snippets"
PROGRAMS = HERE / "programs"

Found = dict[str, dict[str, list[str]]]
"""File name -> line -> the rules that were reported there."""

EXPECTED = re.compile(r"# expect:(?P<rules>.*)$")
MYPY_LINE = re.compile(r"^(?P<file>[^:]+):(?P<line>\d+): error: .*\[(?P<rule>[a-z-]+)\]$")


def expected(file: Path, checker: str) -> dict[str, list[str]]:
    """What the comments of a file say a checker must report: `# expect: mypy=arg-type pyright=reportArgumentType`."""
    lines: dict[str, list[str]] = {}
    for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), 1):
        if (match := EXPECTED.search(line)) is not None:
            pairs = (word.partition("=") for word in match["rules"].split())
            rules = sorted(rule for name, _, some in pairs if name == checker for rule in some.split(","))
            if rules:
                lines[str(number)] = rules
    return lines


def run_mypy(cache: Path) -> Found:
    """The errors of `mypy --strict`; anything it says in another form is an error of the run."""
    files = [str(file) for folder in (SNIPPETS, PROGRAMS) for file in sorted(folder.glob("*.py"))]
    command = [sys.executable, "-m", "mypy", "--strict", "--config-file=", "--hide-error-context", "--no-pretty"]
    command += ["--no-error-summary", "--cache-dir", str(cache), "--python-version", "3.11", *files]
    path = os.pathsep.join(map(str, (ROOT / "src", SNIPPETS, PROGRAMS)))
    ran = subprocess.run(
        command, check=False, capture_output=True, text=True, env=os.environ | {"MYPYPATH": path}, cwd=ROOT
    )
    assert not ran.stderr, ran.stderr
    return gathered(_mypy_reports(ran.stdout))


def _mypy_reports(output: str) -> list[tuple[str, str, str]]:
    reports: list[tuple[str, str, str]] = []
    for line in output.splitlines():
        if ": note: " in line:
            continue
        match = MYPY_LINE.match(line)
        assert match is not None, f"mypy says what this test cannot read: {line}"
        if Path(match["file"]).resolve().is_relative_to(HERE) or (ROOT / match["file"]).is_relative_to(HERE):
            reports.append((Path(match["file"]).name, match["line"], match["rule"]))
    return reports


def run_pyright(folder: Path) -> Found:
    """The errors of pyright in strict mode."""
    config: Mapping[str, object] = {
        "typeCheckingMode": "strict",
        "pythonVersion": "3.11",
        "extraPaths": [str(ROOT / "src"), str(SNIPPETS), str(PROGRAMS)],
    }
    (folder / "pyrightconfig.json").write_text(json.dumps(config), encoding="utf-8")
    command = [sys.executable, "-m", "pyright", "--outputjson", "--pythonpath", sys.executable]
    command += ["-p", str(folder), str(SNIPPETS), str(PROGRAMS)]
    ran = subprocess.run(command, check=False, capture_output=True, text=True, cwd=folder)
    assert ran.stdout.startswith("{"), ran.stdout + ran.stderr
    answer = json.loads(ran.stdout)
    assert answer["summary"]["filesAnalyzed"], "pyright found no files"
    told = answer["generalDiagnostics"]
    reports = [
        (Path(each["file"]).name, str(each["range"]["start"]["line"] + 1), each.get("rule", "error"))
        for each in told
        if each["severity"] != "information"
    ]
    return gathered(reports)


def gathered(reports: list[tuple[str, str, str]]) -> Found:
    """Reports by file and line."""
    found: Found = {}
    for file, line, rule in reports:
        found.setdefault(file, {}).setdefault(line, []).append(rule)
    return {file: {line: sorted(rules) for line, rules in lines.items()} for file, lines in found.items()}
