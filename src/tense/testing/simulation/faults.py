"""Faults: which ones a seed has, and how often. Zero draws mean none."""

from dataclasses import dataclass

from tense.testing.simulation.tape import Tape


@dataclass(slots=True, kw_only=True)
class Faults:
    """Rates in thousandths, counts, and seconds; what a seed has is a random part of all there is.

    `kills`, `restarts`, `pauses` and `cuts` are how many; the others say how often something happens when it could. With
    `poison` one message kills whoever touches it.
    """

    tape: Tape
    active: bool = False
    shuffled: bool = False
    latency: float = 0.0
    kills: int = 0
    restarts: int = 0
    pauses: int = 0
    cuts: int = 0
    killed_before_commit: int = 0
    killed_after_commit: int = 0
    failing_disk: int = 0
    lost_wakes: int = 0
    failing_handlers: int = 0
    slow_handlers: int = 0
    poison: int = 0
    clock_jumps: int = 0

    def happens(self, parts: int) -> bool:
        """Whether something happens just now; nothing does before the faults begin and after they are healed."""
        return self.active and self.tape.happens(parts)


def swarm(tape: Tape) -> Faults:
    """A random part of all faults: a run with every fault at once hides what a run with one would show."""
    faults = Faults(tape=tape)
    faults.shuffled = tape.draw(4) > 0
    faults.latency = (0.0005, 0.002, 0.02)[tape.draw(3)]
    faults.kills = max(0, tape.draw(6) - 2)
    faults.restarts = max(0, tape.draw(5) - 2)
    faults.pauses = max(0, tape.draw(5) - 2)
    faults.cuts = max(0, tape.draw(5) - 2)
    faults.killed_before_commit = (0, 0, 20)[tape.draw(3)]
    faults.killed_after_commit = (0, 0, 20)[tape.draw(3)]
    faults.failing_disk = (0, 0, 30)[tape.draw(3)]
    faults.lost_wakes = (0, 300, 1000)[tape.draw(3)]
    faults.failing_handlers = (0, 100, 400)[tape.draw(3)]
    faults.slow_handlers = (0, 200, 500)[tape.draw(3)]
    faults.poison = max(0, tape.draw(6) - 4)
    faults.clock_jumps = max(0, tape.draw(4) - 2)
    return faults
