"""Turns: numbers the turns of the loop, to tell what was known before what."""

import asyncio


class Turns:
    """A clock that only says before and after.

    Whatever a process learns of others it reads from a socket, and that happens once in each turn of the loop: so what
    began in one turn knows nothing that was committed after that turn began.
    """

    def __init__(self) -> None:
        self._number = 0
        self._asked = False

    def now(self) -> int:
        """The number of this turn; greater in every later one."""
        if not self._asked:
            self._asked = True
            asyncio.get_running_loop().call_soon(self._end)
        return self._number

    def _end(self) -> None:
        self._number += 1
        self._asked = False
