import asyncio
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tense.testing import HandClock


def test_time_stands_still_until_it_is_wound():
    clock = HandClock(start=100.0)

    before = (clock.now(), clock.elapsed())
    clock.advance(2.5)

    assert before == (100.0, 0.0)
    assert (clock.now(), clock.elapsed()) == (102.5, 2.5)


def test_timers_run_in_the_order_they_are_due_and_see_their_own_moment():
    clock = HandClock(start=0.0)
    ran = []
    clock.call_later(3, lambda: ran.append(("late", clock.now())))
    clock.call_later(1, lambda: ran.append(("early", clock.now())))
    clock.call_later(1, lambda: ran.append(("second", clock.now())))

    clock.advance(timedelta(seconds=3))

    assert ran == [("early", 1.0), ("second", 1.0), ("late", 3.0)]


def test_a_timer_is_never_early_and_runs_once():
    clock = HandClock()
    ran = []
    clock.call_later(2, lambda: ran.append(1))

    clock.advance(1.999)
    early = list(ran)
    clock.advance(10)
    clock.advance(10)

    assert early == []
    assert ran == [1]


def test_a_cancelled_timer_does_not_run_and_may_be_cancelled_again():
    clock = HandClock()
    ran = []
    timer = clock.call_later(1, lambda: ran.append(1))

    timer.cancel()
    timer.cancel()
    clock.advance(2)

    assert ran == []


def test_a_timer_set_by_a_timer_runs_in_the_same_winding_if_it_is_due():
    clock = HandClock(start=0.0)
    ran = []
    clock.call_later(1, lambda: clock.call_later(1, lambda: ran.append(clock.now())))

    clock.advance(5)

    assert ran == [2.0]


def test_time_does_not_go_back():
    with pytest.raises(ValueError, match="never back"):
        HandClock().advance(-1)


async def test_winding_lets_sleepers_act_before_the_next_timer():
    clock = HandClock(start=0.0)
    woken = []

    async def sleeper():
        for _ in range(3):
            await clock.sleep(1)
            woken.append(clock.now())

    task = asyncio.ensure_future(sleeper())
    await clock.wind(10)
    await task

    assert woken == [1.0, 2.0, 3.0]


async def test_a_cancelled_sleeper_leaves_no_timer_that_fails():
    clock = HandClock()
    task = asyncio.ensure_future(clock.sleep(1))
    await asyncio.sleep(0)

    task.cancel()
    await clock.wind(2)

    assert task.cancelled()


async def test_sleeping_for_no_time_returns_without_winding():
    clock = HandClock()

    await clock.sleep(0)

    assert clock.elapsed() == 0.0


@given(st.lists(st.floats(0, 100), max_size=20), st.floats(0, 100))
def test_exactly_what_is_due_runs_in_order(delays, span):
    clock = HandClock(start=0.0)
    ran = []
    for delay in delays:
        clock.call_later(delay, lambda delay=delay: ran.append(delay))

    clock.advance(span)

    assert ran == sorted(delay for delay in delays if delay <= span)
    assert clock.now() == span
