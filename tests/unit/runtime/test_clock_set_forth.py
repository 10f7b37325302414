"""What waits for a moment is handled when the wall's clock says so, also if that was set forth meanwhile."""

from datetime import timedelta
from pathlib import Path

from tense import App, Command, Contract, Retry, Service
from tense.testing.harness import harness

place = Contract("place")


class Try(Command[int], owner=place):
    pass


async def test_a_retry_does_not_sleep_through_the_hour_that_a_clock_is_set_forth(tmp_path: Path) -> None:
    service, starts = Service(place), []

    @service.handles(Try, retry=Retry(attempts=2, first=timedelta(hours=1), longest=timedelta(hours=1)))
    async def attempt(command: Try) -> int:
        starts.append(command)
        if len(starts) == 1:
            raise ValueError
        return len(starts)

    async with harness(App(service), store=f"sqlite:///{tmp_path}/test.db") as h:
        ticket = await h.client.send(Try())
        await h.idle()
        right = h.clock.now
        h.clock.now = lambda: right() + 7200
        await h.later(6)

        assert await ticket.result() == 2
