"""The settings of `tense check`: `[tool.tense.check]` in pyproject.toml, below the command line."""

import tomllib
from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from fnmatch import fnmatch
from pathlib import Path
from typing import Literal, get_args

import msgspec

from tense.lint.refusal import UnusableInputError
from tense.rules.meaning.finding import Severity
from tense.rules.meaning.graph import Value
from tense.rules.meaning.rule import Rule, Thresholds
from tense.rules.meaning.table import BY_ID, RULES

Level = Severity | Literal["off"]


class Config(Value, frozen=True, kw_only=True):
    """What a project has settled. Ids may be given whole (`G13`), by family (`G`), or as `ALL`.

    `severity` gives rules another weight, or `off`; `fail_on` is the least severity that makes the exit
    status 1; `roles` marks services that a source cannot mark (`{"billing": ["process"]}`).
    """

    select: tuple[str, ...] = ("ALL",)
    ignore: tuple[str, ...] = ()
    per_path_ignores: dict[str, tuple[str, ...]] = msgspec.field(default_factory=dict)
    severity: dict[str, Level] = msgspec.field(default_factory=dict)
    fail_on: Severity = "warning"
    verbs: tuple[str, ...] = ()
    roles: dict[str, tuple[str, ...]] = msgspec.field(default_factory=dict)
    baseline: str | None = None
    thresholds: Thresholds = Thresholds()

    def rules(self) -> tuple[Rule, ...]:
        """The rules that are selected, not ignored and not off."""
        off = {rule for rule, level in self.severity.items() if level == "off"}
        return tuple(
            rule
            for rule in RULES
            if _among(rule.id, self.select) and not _among(rule.id, self.ignore) and rule.id not in off
        )

    def ignores(self, rule: str, path: str) -> bool:
        """True where the rule is ignored for files on that path."""
        return any(_among(rule, ids) for pattern, ids in self.per_path_ignores.items() if _on(path, pattern))


def _among(rule: str, ids: Iterable[str]) -> bool:
    return any(one == "ALL" or rule.startswith(one) for one in ids)


def _on(path: str, pattern: str) -> bool:
    return fnmatch(path, pattern) or fnmatch(path, f"*/{pattern}") or path.startswith(pattern.rstrip("/*") + "/")


_TABLES = {"thresholds", "severity", "per-path-ignores", "roles"}
_CONTRACTS = ("layers", "forbidden", "independent", "whole-fleet")
_OWN = tuple(name.replace("_", "-") for name in Config.__struct_fields__)
_FIGURES = tuple(name.replace("_", "-") for name in Thresholds.__struct_fields__)


def load(path: Path) -> Config:
    """The settings in a TOML file: its table `tool.tense.check`, or the whole file where it has no `tool`."""
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise UnusableInputError(f"cannot be read: {error}", where=str(path)) from error
    tool = document.get("tool", document if path.name != "pyproject.toml" else {})
    for name in ("tense", "check"):
        tool = tool.get(name, {}) if isinstance(tool, dict) and ("tool" in document or name in tool) else tool
    if not isinstance(tool, dict):
        raise UnusableInputError("tool.tense.check is not a table", where=str(path))
    return parse(tool, where=str(path))


def parse(table: Mapping[str, object], *, where: str = "settings") -> Config:
    """The settings in a table. UnusableInputError names an unknown key or id, and the one that was meant."""
    _known(table, (*_OWN, *_CONTRACTS), where)
    figures = table.get("thresholds", {})
    if not isinstance(figures, dict):
        raise UnusableInputError("thresholds is not a table", where=where)
    _known(figures, _FIGURES, where)
    contracts = {name: table[name] for name in _CONTRACTS if name in table}
    own = {name: value for name, value in table.items() if name not in _CONTRACTS}
    own["thresholds"] = {name.replace("-", "_"): value for name, value in {**figures, **contracts}.items()}
    try:
        config = msgspec.convert({name.replace("-", "_"): value for name, value in own.items()}, Config)
    except msgspec.ValidationError as error:
        raise UnusableInputError(f"{error}", where=where) from error
    return checked(config, where=where)


def _known(table: Mapping[str, object], known: Iterable[str], where: str) -> None:
    names = tuple(known)
    for key in table:
        if key not in names:
            raise UnusableInputError(f"unknown key {key!r}.", where=where, mend=_meant(str(key), names))


def _meant(word: str, known: Iterable[str]) -> str:
    names = sorted(known)
    near = get_close_matches(word, names, n=1)
    return f"Did you mean {near[0]!r}?" if near else f"Known are: {', '.join(names)}."


def checked(config: Config, *, where: str = "settings") -> Config:
    """The same settings; UnusableInputError where an id is not in the catalogue."""
    ids = (
        *config.select,
        *config.ignore,
        *config.severity,
        *(one for ids in config.per_path_ignores.values() for one in ids),
    )
    for one in ids:
        if one != "ALL" and one not in EXTRA and not any(rule.startswith(one) for rule in BY_ID):
            raise UnusableInputError(f"unknown rule {one!r}.", where=where, mend=_meant(one, BY_ID))
    return config


EXTRA = ("X01", "X02", "X03", "X04")
"""Findings of the linter itself: about its silencers and about sources that cannot be read."""

SEVERITIES: tuple[Severity, ...] = get_args(Severity)


def find(start: Path) -> Config:
    """The settings of the project that a folder lies in: of the nearest pyproject.toml, or the defaults."""
    for folder in (start, *start.parents):
        if (folder / "pyproject.toml").is_file():
            return load(folder / "pyproject.toml")
    return Config()
