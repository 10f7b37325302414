"""Whose code handles a command: the same file is the same code base, however it is started."""

import sys
from types import ModuleType

import pytest

from tense.runtime.engine import code_base


@pytest.mark.parametrize(("file", "name"), [("/srv/shop.py", "shop"), (None, "__main__")])
def test_a_script_is_the_code_base_that_its_file_names(
    monkeypatch: pytest.MonkeyPatch, file: str | None, name: str
) -> None:
    script = ModuleType("__main__")
    script.__file__ = file
    monkeypatch.setitem(sys.modules, "__main__", script)

    found = code_base("__main__")

    assert found == name


def test_a_module_belongs_to_its_package() -> None:
    assert code_base("shop.orders.service") == "shop"
