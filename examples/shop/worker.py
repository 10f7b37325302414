"""A process that runs the shop until it is told to stop, or killed: `python -m examples.shop.worker sqlite:///shop.db`.

It does what `tense run examples.shop.grown:app --store ...` does, and ends with the process that started it.
"""

import asyncio
import signal
import sys

from examples.shop.grown import app


async def main(store: str) -> None:
    """Run every service. SIGTERM, SIGINT or the end of standard input: finish what is begun, and stop."""
    loop, stop = asyncio.get_running_loop(), asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    loop.add_reader(sys.stdin, stop.set)
    async with app.running(store=store):
        print("ready", flush=True)
        await stop.wait()
    loop.remove_reader(sys.stdin)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
