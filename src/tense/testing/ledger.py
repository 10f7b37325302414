"""The ledger: what was sent, delivered and settled in one run, and the judge who reads it.

A test, or a parent that kills its children, notes what it saw; `faults` says what must not have happened. A send whose
answer never came is `unknown`: its message may appear or not.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Literal, TypeAlias

import msgspec

Answer: TypeAlias = Literal["ok", "failed", "unknown"]
End: TypeAlias = Literal["done", "dead", "expired", "pending"]
FaultKind: TypeAlias = Literal["lost", "phantom", "duplicated", "out of order", "never settled"]


class Fault(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that must not have happened: what, to which message, at whose place."""

    kind: FaultKind
    id: str
    consumer: str = ""
    detail: str = ""

    def __str__(self) -> str:
        return f"{self.kind}: {self.id}{f' at {self.consumer}' if self.consumer else ''}{self.detail and f' ({self.detail})'}"


class Ledger:
    """Everything one run saw, in the order in which it was seen.

    `expected` names the consumers at each of which every accepted message has to end; without it, those that were seen.
    """

    def __init__(self, expected: Iterable[str] = ()) -> None:
        self.expected = tuple(expected)
        self._sends: dict[str, Answer] = {}
        self._keys: dict[str, str | None] = {}
        self._accepted: list[str] = []
        self._delivered: list[tuple[str, str, int]] = []
        self._ends: list[tuple[str, str, End]] = []

    def start(self, id_: str, key: str | None = None) -> None:
        """A send begins; until it is answered its outcome is unknown."""
        self._sends.setdefault(id_, "unknown")
        self._keys[id_] = key

    def answer(self, id_: str, answer: Answer) -> None:
        """The send was answered, or refused. A later doubt does not take an acceptance back."""
        if self._sends.get(id_) == "ok":
            return
        self._sends[id_] = answer
        if answer == "ok":
            self._accepted.append(id_)

    def deliver(self, consumer: str, id_: str, attempt: int = 1) -> None:
        """A message was handed to a consumer."""
        self._delivered.append((consumer, id_, attempt))

    def settle(self, consumer: str, id_: str, end: End) -> None:
        """A message ended at a consumer; `pending` is what a listing at the end still finds there."""
        self._ends.append((consumer, id_, end))

    def faults(self) -> list[Fault]:
        """Everything that must not have happened, by kind; empty when all is well."""
        return [*self._lost(), *self._phantoms(), *self._doubled(), *self._disordered(), *self._unsettled()]

    def counts(self) -> Mapping[str, int]:
        """How many were accepted, failed, unknown, delivered, and ended in which way."""
        sends = Counter(self._sends.values())
        return {
            "accepted": sends["ok"],
            "failed": sends["failed"],
            "unknown": sends["unknown"],
            "delivered": len(self._delivered),
            **Counter(end for _, _, end in self._ends),
        }

    def _consumers(self) -> tuple[str, ...]:
        seen = [*(name for name, _, _ in self._delivered), *(name for name, _, _ in self._ends)]
        return self.expected or tuple(dict.fromkeys(seen)) or ("",)

    def _lost(self) -> list[Fault]:
        ended = {(name, id_) for name, id_, _ in self._ends}
        seen = ended | {(name, id_) for name, id_, _ in self._delivered}
        return [
            Fault(kind="lost", id=id_, consumer=name, detail="accepted, and neither delivered nor listed")
            for id_ in self._accepted
            for name in self._consumers()
            if (name, id_) not in seen
        ]

    def _phantoms(self) -> list[Fault]:
        faults = []
        for name, id_, _ in dict.fromkeys(self._delivered):
            if id_ not in self._sends:
                faults.append(Fault(kind="phantom", id=id_, consumer=name, detail="never sent"))
            elif self._sends[id_] == "failed":
                faults.append(Fault(kind="phantom", id=id_, consumer=name, detail="its send was refused"))
        return faults

    def _doubled(self) -> list[Fault]:
        done = Counter((name, id_) for name, id_, end in self._ends if end == "done")
        return [
            Fault(kind="duplicated", id=id_, consumer=name, detail=f"done {count} times")
            for (name, id_), count in done.items()
            if count > 1
        ]

    def _disordered(self) -> list[Fault]:
        place = {id_: number for number, id_ in enumerate(self._accepted)}
        latest: dict[tuple[str, str], int] = {}
        done: set[tuple[str, str]] = set()
        faults = []
        for name, id_, end in self._ends:
            key = self._keys.get(id_)
            if end != "done" or key is None or id_ not in place or (name, id_) in done:
                continue
            done.add((name, id_))
            if place[id_] < latest.get((name, key), -1):
                detail = f"after {self._accepted[latest[name, key]]} of the same key {key!r}"
                faults.append(Fault(kind="out of order", id=id_, consumer=name, detail=detail))
            else:
                latest[name, key] = place[id_]
        return faults

    def _unsettled(self) -> list[Fault]:
        ended = {(name, id_) for name, id_, _ in self._ends}
        return [
            Fault(kind="never settled", id=id_, consumer=name, detail="delivered, and without an end")
            for name, id_ in dict.fromkeys((name, id_) for name, id_, _ in self._delivered)
            if (name, id_) not in ended
        ]
