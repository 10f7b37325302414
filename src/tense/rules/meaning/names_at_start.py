"""The findings on names that are certain enough for start-up: only names and kinds are needed."""

from collections.abc import Iterable, Iterator

from tense.rules.meaning.finding import Finding
from tense.rules.meaning.graph import Kind, Place, Value
from tense.rules.meaning.table import BY_ID
from tense.rules.naming.mood import judge_command_name, judge_event_name


class Named(Value, frozen=True, kw_only=True):
    """A message's bare name, its declared kind, and where it is written."""

    name: str
    kind: Kind
    place: Place | None = None


_JUDGES = {"event": judge_event_name, "command": judge_command_name}


def names_at_start(names: Iterable[Named]) -> tuple[Finding, ...]:
    """The findings on names that are wrong beyond doubt; for everything else there is `tense check`."""
    return tuple(_found(names))


def _found(names: Iterable[Named]) -> Iterator[Finding]:
    for one in names:
        judge = _JUDGES.get(one.kind)
        misnamed = judge(one.name) if judge else None
        if misnamed is not None:
            rule = BY_ID[misnamed.rule]
            yield Finding(
                rule=rule.id,
                name=rule.name,
                severity=rule.severity,
                certainty=1.0,
                subject=one.name,
                text=f"{one.name} is declared {'an event' if one.kind == 'event' else 'a command'}. {misnamed.why}",
                mend=f"Name it {misnamed.mend}." if misnamed.mend else "Name it in the mood of its kind.",
                place=one.place,
            )
