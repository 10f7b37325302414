"""Pages: a page of documentation as what it tells its reader to do, done in an empty folder.

```python, first line `# path/name.py`     saved under that name, and imported (by `manage.py shell`, if there is one)
```python without a name                   run as a program
```text right after a program or commands  what they must have printed; `...` stands for anything
```toml, first line `# name.toml`          saved
```console                                 each line after `$ ` is run; the other lines are what it must print
"""

import os
import re
import shlex
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
FENCE = re.compile(r"^```(\w*)[^\n]*\n(.*?)^```$", re.MULTILINE | re.DOTALL)
NAME = re.compile(r"# ([\w./-]+\.(?:py|toml))\n")
NOT_HERE = re.compile(r"(make|git|pip|python3? -m (pip|venv)|source|\.ci/run)\b")
"""Commands for a reader's machine; the tests of the Makefile and of the demo are others."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """A fenced block: its language, its content, and where it begins."""

    language: str
    content: str
    line: int


def pages() -> list[Path]:
    """Every page of the project that people read."""
    found = [ROOT / "README.md", ROOT / "CONTRIBUTING.md"]
    found += sorted((ROOT / "docs").rglob("*.md")) + sorted((ROOT / "examples").rglob("*.md"))
    return [page for page in found if page.exists()]


def blocks_of(text: str) -> list[Block]:
    """The fenced blocks of a page, in order."""
    return [
        Block(language=found[1], content=found[2], line=text.count("\n", 0, found.start()) + 1)
        for found in FENCE.finditer(text)
    ]


@dataclass
class Reader:
    """Somebody who does what a page says, in a folder of their own."""

    folder: Path
    page: str
    printed: str = ""
    beside: list["subprocess.Popen[bytes]"] = field(default_factory=list)

    def follow(self, block: Block) -> None:
        """Do what one block says.

        Raises:
            AssertionError: it does not work, or prints something else.
        """
        where = f"{self.page}:{block.line}"
        name = NAME.match(block.content)
        if name and block.language in {"python", "toml"}:
            path = self.folder / name[1]
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(block.content)
            if block.language == "python":
                module = name[1].removesuffix(".py").replace("/", ".")
                self.printed = self.run([sys.executable, *self.importing(module)], where)
        elif block.language == "python":
            program = self.folder / f"block_{block.line}.py"
            program.write_text(block.content)
            self.printed = self.run([sys.executable, program.name], where)
        elif block.language == "console":
            self.type_in(block, where)
        elif block.language == "text" and self.printed:
            assert same(self.printed, block.content), f"{where}: printed\n{self.printed}"
            self.printed = ""

    def importing(self, module: str) -> list[str]:
        """The words that import a module: in a Django project, where models want it to be set up, those of its shell."""
        if module == "manage" or not (self.folder / "manage.py").exists():
            return ["-c", f"import {module}"]
        return ["manage.py", "shell", "--no-imports", "-v0", "-c", f"import {module}"]

    def type_in(self, block: Block, where: str) -> None:
        """Run the commands of a console block."""
        for part in re.split(r"^\$ ", block.content, flags=re.MULTILINE)[1:]:
            command, _, expected = part.partition("\n")
            if NOT_HERE.match(command):
                continue
            if command.endswith(" &"):
                self.beside.append(subprocess.Popen(shlex.split(command[:-2]), cwd=self.folder, env=self.environment()))
                continue
            printed = self.run(["bash", "-c", command], where)
            assert same(printed, expected), f"{where}: `{command}` printed\n{printed}"

    def run(self, command: list[str], where: str) -> str:
        """What a command prints.

        Raises:
            AssertionError: it fails.
        """
        done = subprocess.run(
            command, cwd=self.folder, env=self.environment(), capture_output=True, text=True, timeout=60, check=False
        )
        assert done.returncode == 0, f"{where}: exit status {done.returncode}\n{done.stdout}\n{done.stderr}"
        return done.stdout

    def environment(self) -> dict[str, str]:
        """Ours, with `python` and `tense` as this checkout has them."""
        programs = self.folder / ".bin"
        if not programs.exists():
            programs.mkdir()
            for name, words in {"python": "", "tense": " -m tense"}.items():
                (programs / name).write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)}{words} "$@"\n')
                (programs / name).chmod(0o755)
        found = f"{self.folder}{os.pathsep}{ROOT / 'src'}"
        return {**os.environ, "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}", "PYTHONPATH": found}

    def leave(self) -> None:
        """End what was started beside."""
        for process in self.beside:
            process.terminate()
        for process in self.beside:
            process.wait(20)


def same(printed: str, expected: str) -> bool:
    """Whether that was printed; `...` in what was expected stands for anything, spaces at ends for nothing."""
    if not expected.strip():
        return True
    lines = (re.escape(line.strip()).replace(r"\.\.\.", ".*") for line in expected.strip().splitlines())
    return (
        re.fullmatch("\n".join(lines), "\n".join(map(str.strip, printed.strip().splitlines())), re.DOTALL) is not None
    )
