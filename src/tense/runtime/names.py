"""Names: warns at start-up of a command that reads as a fact, and of an event that reads as an order.

The weight of a rule is the project's: `[tool.tense.check]` of the nearest pyproject.toml above the class. What stays
in doubt is left to `tense check`.
"""

import linecache
import re
import sys
import warnings
from collections.abc import Collection, Iterable
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tense.errors import MessageDefinitionError, TenseWarning
from tense.messages.declaration import Declaration, declaration_of

if TYPE_CHECKING:
    from tense.rules.naming.mood import Misnamed

SILENCER = re.compile(r"#\s*tense:\s*ignore\[(?P<rules>[^\]]*)\][ \t]*(?P<why>.*)$")

SPOKEN = ("error", "warning")
"""The severities that are told at start-up; `note` and `off` are not."""


def judge_names(messages: Iterable[type], services: Collection[str]) -> None:
    """Warn of each message of these services whose name says the other kind.

    Raises:
        MessageDefinitionError: the project gives the rule the severity `error`.
    """
    for cls in messages:
        declaration = declaration_of(cls)
        if declaration.owner.name in services and (found := _misnamed(cls, declaration)) is not None:
            _tell(cls, declaration, found)


def _misnamed(cls: type, declaration: Declaration) -> "Misnamed | None":
    from tense.rules.naming import mood  # noqa: PLC0415 - its tables are read only where there is a name to judge

    judge = mood.judge_command_name if declaration.kind == "command" else mood.judge_event_name
    return judge(cls.__name__)


def _tell(cls: type, declaration: Declaration, found: "Misnamed") -> None:
    severity = severity_of(found.rule, str(Path(declaration.file).parent))
    if severity not in SPOKEN or silenced(found.rule, declaration.file, declaration.line):
        return
    mend = f" Call it {found.mend}." if found.mend else ""
    text = (
        f"{declaration.name} ({declaration.place}) is declared as {'a' if declaration.kind == 'command' else 'an'} "
        f"{declaration.kind}, but {found.why}{mend} If the name is right: # tense: ignore[{found.rule}] and why."
    )
    if severity == "error":
        raise MessageDefinitionError(text)
    module = sys.modules.get(cls.__module__)
    seen = {} if module is None else vars(module).setdefault("__warningregistry__", {})
    warnings.warn_explicit(text, TenseWarning, declaration.file, declaration.line, cls.__module__, seen)


def silenced(rule: str, file: str, line: int) -> bool:
    """Whether a comment with a reason silences the rule on a line, or alone above it."""
    here, above = linecache.getline(file, line), linecache.getline(file, line - 1).strip()
    for text in (here, above if above.startswith("#") else ""):
        found = SILENCER.search(text)
        if found and rule in re.split(r"[\s,]+", found["rules"]) and found["why"].strip(" -:"):
            return True
    return False


def severity_of(rule: str, folder: str) -> str:
    """How much a rule weighs for the project that a folder lies in: `error`, `warning`, `note` or `off`."""
    settings = _settings(folder)
    if any(rule.startswith(each) for each in _words(settings.get("ignore"))):
        return "off"
    severities = settings.get("severity")
    given = severities.get(rule) if isinstance(severities, dict) else None
    return given if isinstance(given, str) else "warning"


def _words(given: object) -> list[str]:
    return [each for each in given if isinstance(each, str) and each] if isinstance(given, list) else []


@lru_cache(maxsize=256)
def _settings(folder: str) -> dict[str, Any]:
    """The table `tool.tense.check` of the nearest pyproject.toml; an unreadable one is for `tense check` to report."""
    import tomllib  # noqa: PLC0415 - only where something is misnamed

    start = Path(folder)
    for above in (start, *start.parents):
        try:
            table: Any = tomllib.loads((above / "pyproject.toml").read_text(encoding="utf-8"))
        except FileNotFoundError:
            continue
        except (OSError, ValueError):
            return {}
        for name in ("tool", "tense", "check"):
            table = table.get(name, {}) if isinstance(table, dict) else {}
        return table if isinstance(table, dict) else {}
    return {}
