"""What the rows measure runs: each of them once, with a few messages."""

from pathlib import Path

from benchmarks import durable, execute, fanout


async def test_every_subscriber_gets_every_event(tmp_path: Path) -> None:
    found = await fanout._measure(tmp_path, 4, 64)

    assert set(found) == {"publish", "handled"}


async def test_what_is_accepted_is_handled(tmp_path: Path) -> None:
    found = await durable._tense(tmp_path, 100)

    assert min(found.values()) > 0


def test_commands_leave_nothing_behind() -> None:
    assert set(execute.grow(2_000)) == {"grown", "objects"}
