import subprocess
import sys
from pathlib import Path

PACKAGE = Path(__file__).resolve().parents[4] / "src" / "tense" / "rules" / "naming"


def test_the_package_with_its_data_stays_small():
    files = [file for file in PACKAGE.rglob("*") if file.is_file() and "__pycache__" not in file.parts]

    assert sum(file.stat().st_size for file in files) <= 300_000


def test_importing_tense_does_not_load_the_tables():
    code = "import sys, tense; print([name for name in sys.modules if name.startswith('tense.rules.naming')])"

    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert loaded.stdout.strip() == "[]"


def test_the_tables_are_read_when_the_first_name_is_judged_and_not_before():
    code = (
        "import tense.rules.naming.reading as reading, tense.rules.naming.lexicon as lexicon\n"
        "before = lexicon._sections.cache_info().currsize\n"
        "reading.read_name('OrderPlaced')\n"
        "print(before, lexicon._sections.cache_info().currsize)"
    )

    read = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert read.stdout.split() == ["0", "1"]
