"""The peers' own virtual environment, made on demand."""

import subprocess
import sys
from functools import cache
from pathlib import Path

HERE = Path(__file__).resolve().parents[1]
PLACE = HERE / ".venv"
WANTED = HERE / "requirements.txt"


@cache
def python() -> Path | None:
    """The interpreter that has the peers; None if they cannot be had."""
    interpreter, ready = PLACE / "bin" / "python", PLACE / "ready"
    if ready.exists() and ready.read_text(encoding="utf-8") == WANTED.read_text(encoding="utf-8"):
        return interpreter
    print("making benchmarks/.venv ...", end=" ", file=sys.stderr, flush=True)
    install = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-r", str(WANTED)]
    try:
        subprocess.run([sys.executable, "-m", "venv", str(PLACE)], check=True, capture_output=True)
        subprocess.run([str(interpreter), *install], check=True, capture_output=True, timeout=300)
    except (subprocess.SubprocessError, OSError) as error:
        print(f"no: {error}", file=sys.stderr)
        return None
    ready.write_text(WANTED.read_text(encoding="utf-8"), encoding="utf-8")
    return interpreter
