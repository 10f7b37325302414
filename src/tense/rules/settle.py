"""Settle: from how a delivery went to what store and transport are told."""

from typing import Literal, TypeAlias

import msgspec

from tense.messages.metadata import Metadata
from tense.messages.outcome import Expired, Failed
from tense.messages.settlement import LANE, Again, Buried, Done, Settlement
from tense.rules.retry import UNKNOWN_TYPE, GiveUp, Retry, Step, TryAgain, after_failure

OnFailure: TypeAlias = Literal["park", "block"]
"""What a failed message holds back until it is through: `park` its key, `block` its whole lane."""

LONGEST_TEXT = 16_384


class Trouble(msgspec.Struct, frozen=True, kw_only=True):
    """A failure as it is written down: never the exception itself."""

    error: str
    traceback: str = ""


def strand_of(metadata: Metadata, on_failure: OnFailure) -> str | None:
    """What a failure of this message holds back: its key, its lane, or nothing where it has no key."""
    if on_failure == "block":
        return LANE
    return metadata.partitionkey


def settle_failure(
    metadata: Metadata,
    attempt: int,
    error: BaseException,
    trouble: Trouble,
    *,
    policy: Retry,
    on_failure: OnFailure,
    now: float,
    chance: float,
) -> Settlement:
    """A handler failed: again later, or to the dead letters."""
    step = after_failure(policy, attempt, error, chance)
    return settle_step(metadata, step, trouble, strand=strand_of(metadata, on_failure), now=now)


def settle_step(metadata: Metadata, step: Step, trouble: Trouble, *, strand: str | None, now: float) -> Settlement:
    """Carry a retry decision over to a settlement. A retry that would begin after the deadline is given up as expired."""
    if isinstance(step, TryAgain):
        due = now + step.after
        if metadata.deadline is not None and due > metadata.deadline:
            return bury(metadata, "exhausted", trouble, strand)
        return Again(due=due, error=clip(trouble.error), strand=strand)
    return bury(metadata, step.reason, trouble, strand)


def settle_unknown(metadata: Metadata, times: int, what: str, *, now: float, chance: float) -> Settlement:
    """A type or version this instance does not know: released with back-off, for a newer colleague may know it.

    `times` counts how often nobody knew it, this time included. It is no attempt: whoever knows it has all of them.
    """
    trouble = Trouble(error=what)
    expired = metadata.deadline is not None and now >= metadata.deadline
    step = GiveUp("no-handler") if expired else after_failure(UNKNOWN_TYPE, times, LookupError(what), chance)
    if isinstance(step, GiveUp):
        step = GiveUp("no-handler")
    settlement = settle_step(metadata, step, trouble, strand=metadata.partitionkey, now=now)
    return msgspec.structs.replace(settlement, counts=False) if isinstance(settlement, Again) else settlement


def settle_expired(metadata: Metadata, now: float) -> Settlement | None:
    """A command whose deadline has passed is not started; None where it may be."""
    if metadata.deadline is None or now < metadata.deadline:
        return None
    return Done(Expired(f"deadline passed {now - metadata.deadline:.3f} s before it could be started"))


def settle_crashed(metadata: Metadata, attempt: int, policy: Retry, on_failure: OnFailure) -> Settlement | None:
    """A message that was delivered more often than its policy allows is given up before it is started again."""
    if attempt <= policy.attempts:
        return None
    starts = "start" if policy.attempts == 1 else "starts"
    trouble = Trouble(error=f"{policy.attempts} {starts} and no end: each time its worker died or lost its lane")
    return bury(metadata, "crashed", trouble, strand_of(metadata, on_failure))


def bury(metadata: Metadata, reason: str, trouble: Trouble, strand: str | None) -> Buried:
    """To the dead letters; a command leaves `Failed` as its outcome."""
    error = clip(trouble.error)
    outcome = Failed(f"{reason}: {error}") if metadata.kind == "command" else None
    return Buried(reason=reason, error=error, traceback=clip(trouble.traceback), outcome=outcome, strand=strand)


def clip(text: str) -> str:
    """A text of bounded length, so that one error cannot fill the store, and of whole characters, which any store takes."""
    text = text.encode("utf-8", "backslashreplace").decode()
    return text if len(text) <= LONGEST_TEXT else f"{text[:LONGEST_TEXT]} … ({len(text):,} characters)"
