"""The report: figures of one run, and how to print them. All of them are read from the database."""

import sqlite3
from collections import Counter
from collections.abc import Iterable, Sequence
from contextlib import closing
from pathlib import Path

import msgspec


class Refusal(msgspec.Struct, frozen=True, kw_only=True):
    """A file that became no command, or a command that was not done."""

    file: str
    reason: str
    detail: str


class Figures(msgspec.Struct, frozen=True, kw_only=True):
    """What one run came to.

    `files_read` = `commands_accepted` + everything in `refused`. `duplicates` of the accepted had the content of
    another file; `new` of them were not tracked before this run.
    """

    files_read: int
    commands_accepted: int
    duplicates: int
    new: int
    refused: dict[str, int]
    events: dict[str, int]
    digest: dict[str, dict[str, int]]
    people: dict[str, int]
    refusals: list[Refusal]


class Ledger:
    """Reads the tables of the three services, from outside of them."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def rows(self, sql: str, *values: object) -> Sequence[tuple[object, ...]]:
        """Rows of a query; none while its table does not exist."""
        if not self._path.exists():
            return []
        with closing(sqlite3.connect(self._path, timeout=30)) as connection:
            try:
                return connection.execute(sql, values).fetchall()
            except sqlite3.OperationalError as error:
                if "no such table" in str(error):
                    return []
                raise

    def tracked(self) -> dict[str, str]:
        """Each command that was done, by id, with the event that followed."""
        return {str(key): str(event) for key, event in self.rows("SELECT id, event FROM tracked")}

    def digest(self) -> dict[str, dict[str, int]]:
        """What happened where, how often."""
        found: dict[str, dict[str, int]] = {}
        for place, event, count in self.rows("SELECT place, event, count FROM digest ORDER BY place, event"):
            found.setdefault(str(place), {})[str(event)] = int(str(count))
        return found

    def people(self) -> dict[str, int]:
        """Who did how much."""
        rows = self.rows("SELECT login, events FROM people ORDER BY events DESC, login")
        return {str(login): int(str(count)) for login, count in rows}

    def is_settled(self, credited: frozenset[str]) -> bool:
        """Whether both subscribers have counted each event that concerns them."""
        events = list(self.tracked().values())
        counted = sum(sum(place.values()) for place in self.digest().values())
        return counted == len(events) and sum(self.people().values()) == sum(e in credited for e in events)


def counted(values: Iterable[str]) -> dict[str, int]:
    """How often each occurs, the most frequent first."""
    return dict(sorted(Counter(values).items(), key=lambda pair: (-pair[1], pair[0])))


def as_text(figures: Figures) -> str:
    """The figures for a person."""
    accepted, refused = figures.commands_accepted, sum(figures.refused.values())
    lines = [
        f"{figures.files_read} files read, {accepted} commands accepted, {figures.new} of them new, {refused} refused"
    ]
    if figures.duplicates:
        lines.append(f"{figures.duplicates} with the content of another file, counted once")
    lines += _table("events", figures.events)
    lines += _table("refused", figures.refused)
    lines += [f"    {each.file}: {each.detail}" for each in figures.refusals[:20]]
    if (more := len(figures.refusals) - 20) > 0:
        lines.append(f"    and {more} more; --json has them all")
    places = {place: sum(events.values()) for place, events in figures.digest.items()}
    lines += _table("digest: what happened where", dict(sorted(places.items(), key=lambda p: (-p[1], p[0]))))
    lines += _table("people: who did how much", figures.people)
    return "\n".join(lines)


def _table(title: str, figures: dict[str, int]) -> list[str]:
    if not figures:
        return []
    shown = {name[:60] or "(nobody named)": count for name, count in figures.items()}
    width = max(map(len, shown))
    return ["", title, *(f"  {name:{width}}  {count:5}" for name, count in shown.items())]
