import asyncio
import os
import subprocess
import sys
from pathlib import Path

import pytest
import tally

from tense.testing.simulation.loop import PLACE, Place, SimulatedLoop, StuckError
from tense.testing.simulation.run import Subject, simulate
from tense.testing.simulation.shrink import shrunk
from tense.testing.simulation.tape import Tape

SUBJECT = Subject(app=tally.app, workload=tally.workload, check=tally.check)


def loop_of(seed: int = 0, *, shuffled: bool = False) -> SimulatedLoop:
    return SimulatedLoop(Tape(seed), shuffled=shuffled)  # type: ignore[abstract]


def test_an_hour_passes_in_no_time() -> None:
    loop = loop_of()

    loop.run(asyncio.sleep(3600))

    assert loop.time() == 3600
    assert loop.steps < 20


def test_who_waits_for_nobody_is_found_out() -> None:
    loop = loop_of()

    async def wait() -> None:
        await loop.create_future()

    with pytest.raises(StuckError, match="everybody waits"):
        loop.run(wait())
    loop.close()


def test_what_is_killed_runs_no_finally() -> None:
    loop, place, ran = loop_of(), Place("north"), []

    async def work() -> None:
        try:
            await asyncio.sleep(10)
        finally:
            ran.append("finally")

    async def story() -> None:
        token = PLACE.set(place)
        asyncio.get_running_loop().create_task(work())
        PLACE.reset(token)
        await asyncio.sleep(1)
        place.dead = True
        await asyncio.sleep(100)
        assert ran == []

    loop.run(story())
    loop.close()


def test_who_is_paused_goes_on_later() -> None:
    loop, place, ran = loop_of(), Place("north"), []

    async def work() -> None:
        await asyncio.sleep(1)
        ran.append(loop.time())

    async def story() -> None:
        token = PLACE.set(place)
        asyncio.get_running_loop().create_task(work())
        PLACE.reset(token)
        await asyncio.sleep(0.5)
        place.paused = True
        await asyncio.sleep(10)
        assert ran == []
        loop.resume(place)
        await asyncio.sleep(1)

    loop.run(story())

    assert ran == [10.5]


@pytest.mark.parametrize("seed", range(5))
def test_callbacks_of_one_source_keep_their_order_in_every_schedule(seed: int) -> None:
    loop, ran = loop_of(seed, shuffled=True), []

    async def story() -> None:
        for number in range(10):
            loop.call_soon(ran.append, number)
        await asyncio.sleep(1)

    loop.run(story())

    assert ran == list(range(10))


def test_a_seed_is_the_same_run_three_times() -> None:
    traces = {simulate(SUBJECT, 5).trace for _ in range(3)}

    assert len(traces) == 1


def test_a_tape_plays_the_run_it_was_drawn_in() -> None:
    drawn = simulate(SUBJECT, 5)

    played = simulate(SUBJECT, 5, drawn.tape)

    assert played.trace == drawn.trace


def test_an_empty_tape_has_no_faults() -> None:
    verdict = simulate(SUBJECT, 5, [])

    assert verdict.findings == ()
    assert not any(verdict.faults.values())


def test_a_tape_shrinks_to_what_matters() -> None:
    tape = [3, 1, 4, 1, 5, 9, 2, 6]

    least = shrunk(tape, lambda tried: len(tried) > 5 and tried[5] == 9)

    assert least == [0, 0, 0, 0, 0, 9]


@pytest.mark.parametrize("seed", range(12))
def test_the_fleet_keeps_its_promises(seed: int) -> None:
    verdict = simulate(SUBJECT, seed)

    assert verdict.findings == ()


@pytest.mark.system
def test_a_seed_is_the_same_run_in_another_process_whatever_its_hashes_are() -> None:
    here = Path(__file__).parents[4]
    program = (
        "import tally\nfrom tense.testing.simulation.run import Subject, simulate\n"
        "subject = Subject(app=tally.app, workload=tally.workload, check=tally.check)\n"
        "print([simulate(subject, seed).trace for seed in range(12)])"
    )

    said = [
        subprocess.run(
            [sys.executable, "-c", program],
            env={**os.environ, "PYTHONHASHSEED": hashes, "PYTHONPATH": str(here / "tests" / "support")},
            cwd=here,
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for hashes in ("1", "2")
    ]

    assert said[0] == said[1]
