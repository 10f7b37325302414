"""Who waits equally long shares one timer, and nobody waits longer than asked."""

import asyncio

from tense.runtime.deadlines import Deadlines
from tense.testing.clock import HandClock


def waiting() -> "asyncio.Future[None]":
    return asyncio.get_running_loop().create_future()


async def test_each_runs_out_of_time_at_its_own_moment_though_one_timer_serves_both() -> None:
    clock = HandClock()
    deadlines = Deadlines(clock)
    first, second = waiting(), waiting()
    deadlines.add(first, 30.0)
    clock.advance(10.0)
    deadlines.add(second, 30.0)

    clock.advance(20.0)
    early = (first.cancelled(), second.cancelled())
    clock.advance(10.0)

    assert early == (True, False)
    assert second.cancelled()


async def test_one_that_waits_less_does_not_wait_for_those_that_came_before() -> None:
    clock = HandClock()
    deadlines = Deadlines(clock)
    patient, hasty = waiting(), waiting()
    deadlines.add(patient, 30.0)
    deadlines.add(hasty, 1.0)

    clock.advance(1.0)

    assert hasty.cancelled()
    assert not patient.cancelled()


async def test_what_was_removed_is_left_alone_and_those_behind_it_are_not_forgotten() -> None:
    clock = HandClock()
    deadlines = Deadlines(clock)
    answered, unanswered = waiting(), waiting()
    deadlines.add(answered, 5.0)
    deadlines.add(unanswered, 5.0)

    deadlines.remove(answered, 5.0)
    clock.advance(5.0)

    assert not answered.cancelled()
    assert unanswered.cancelled()


async def test_times_that_nobody_asks_for_twice_leave_no_timers_behind() -> None:
    clock = HandClock()
    deadlines = Deadlines(clock)

    for n in range(1000):
        future = waiting()
        deadlines.add(future, 100.0 + n)
        deadlines.remove(future, 100.0 + n)

    assert len(deadlines._timers) <= 1


async def test_a_usual_time_keeps_its_timer_until_it_is_due_and_then_lets_go() -> None:
    clock = HandClock()
    deadlines = Deadlines(clock)
    for _ in range(3):
        future = waiting()
        deadlines.add(future, 30.0)
        deadlines.remove(future, 30.0)
    kept = len(deadlines._timers)

    clock.advance(31.0)

    assert kept == 1
    assert not deadlines._timers
    assert not deadlines._queues
