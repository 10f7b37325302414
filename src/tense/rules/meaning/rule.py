"""A rule as data: what it is called, why it exists, what it must know, how it looks, and two examples."""

from collections.abc import Callable, Iterable, Iterator
from typing import Literal

from tense.rules.meaning.finding import WEIGHT, Finding, Severity, Sight
from tense.rules.meaning.graph import Fact, Value
from tense.rules.meaning.index import Index

Family = Literal["names", "graph", "schema"]

FAMILIES: dict[str, Family] = {"N": "names", "G": "graph", "S": "schema"}


class Thresholds(Value, frozen=True, kw_only=True):
    """The figures and contracts a project may set; the defaults are the ones the rule pages state.

    `whole_fleet` says whether the sources are the whole system, so that an absence means something; None
    leaves it to the sources (documents tell of one application each, so they are not).
    `layers` lists groups of services, the one that may depend on all others first; `forbidden` pairs of
    services of which the first may not depend on the second; `independent` groups whose members may not know
    each other.
    """

    chain: int = 4
    waits: int = 3
    god_service: float = 0.6
    god_event_subscribers: int = 12
    god_event_fields: int = 40
    commands_of_one_handler: int = 3
    services_of_one_handler: int = 2
    optional_fields: float = 0.5
    entity_fields: float = 0.8
    sample_bytes: int = 65_536
    whole_fleet: bool | None = None
    layers: tuple[tuple[str, ...], ...] = ()
    forbidden: tuple[tuple[str, str], ...] = ()
    independent: tuple[tuple[str, ...], ...] = ()


Check = Callable[[Index, Thresholds], Iterable[Sight]]


class Rule(Value, frozen=True, kw_only=True):
    """One rule of the catalogue.

    `needs` are the facts that a source must tell for the rule to be judged there; `whole` marks a rule that rests
    on an absence, so that every source must tell them; `by_kind` one whose weight rests on the kind of the message.
    `bad` and `good` are sketches (`sketch.py`): the rule finds something in the first and nothing in the second,
    under the thresholds `given`.
    """

    id: str
    name: str
    severity: Severity
    reason: str
    criterion: str
    source: str
    check: Check
    bad: str
    good: str
    needs: frozenset[Fact] = frozenset()
    whole: bool = False
    by_kind: bool = True
    given: Thresholds = Thresholds()

    @property
    def family(self) -> Family:
        """The family that the first letter of the id stands for."""
        return FAMILIES[self.id[0]]

    def judge(self, index: Index, thresholds: Thresholds) -> Iterator[Finding]:
        """Yield the findings of this rule. A kind that was only guessed never makes an error."""
        for sight in self.check(index, thresholds):
            severity = sight.severity or self.severity
            guess = index.kinds.get(sight.subject)
            guessed = self.by_kind and guess is not None and guess.ground in {"name", "use"}
            if guessed and WEIGHT[severity] > WEIGHT["warning"]:
                severity = "warning"
            yield Finding(
                rule=self.id,
                name=self.name,
                severity=severity,
                certainty=sight.certainty,
                subject=sight.subject,
                text=sight.text,
                mend=sight.mend,
                service=sight.service,
                place=sight.place,
                path=sight.path,
                related=sight.related,
            )


def facts(*names: Fact) -> frozenset[Fact]:
    """The given facts as a set, for `Rule.needs`."""
    return frozenset(names)
