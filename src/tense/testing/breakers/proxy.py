"""Proxy: a bad network between a client and its server, on this machine, without privileges."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass

CHUNK = 4096


@dataclass
class Weather:
    """What happens to bytes of one direction; change it at any time.

    `swallow`: they vanish, and the connection stays. `delay`: seconds before each chunk. `rate`: bytes a second.
    `cut_after`: the connection is cut when so many bytes have passed in this direction.
    """

    swallow: bool = False
    delay: float = 0.0
    rate: float | None = None
    cut_after: int | None = None


class Proxy:
    """Listens on `port` and speaks for the server. `up` is the weather towards the server, `down` towards the client.

    `cuts` counts the connections that the weather cut.
    """

    def __init__(self) -> None:
        self.port = 0
        self.up = Weather()
        self.down = Weather()
        self.refusing = False
        self.cuts = 0
        self._pipes: set[asyncio.Task[None]] = set()
        self._writers: set[asyncio.StreamWriter] = set()

    def cut(self) -> None:
        """Cut every connection there is, without a goodbye; new ones go through."""
        for writer in list(self._writers):
            writer.transport.abort()

    async def serve(self, host: str, port: int) -> asyncio.Server:
        """Begin to listen for this server."""

        async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await self._join(reader, writer, host, port)

        server = await asyncio.start_server(accept, "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]
        return server

    async def close(self) -> None:
        """Cut everything and wait until it is gone."""
        self.cut()
        for pipe in list(self._pipes):
            pipe.cancel()
        await asyncio.gather(*self._pipes, return_exceptions=True)

    async def _join(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, host: str, port: int) -> None:
        if self.refusing:
            writer.transport.abort()
            return
        try:
            far_reader, far_writer = await asyncio.open_connection(host, port)
        except OSError:
            writer.transport.abort()
            return
        self._writers |= {writer, far_writer}
        pipes = [
            asyncio.create_task(self._pipe(reader, far_writer, self.up)),
            asyncio.create_task(self._pipe(far_reader, writer, self.down)),
        ]
        self._pipes.update(pipes)
        await asyncio.gather(*pipes, return_exceptions=True)
        self._pipes.difference_update(pipes)
        self._writers -= {writer, far_writer}

    async def _pipe(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, weather: Weather) -> None:
        passed = 0
        with suppress(ConnectionError):
            while data := await reader.read(CHUNK):
                if weather.cut_after is not None and passed + len(data) >= weather.cut_after:
                    writer.write(data[: max(0, weather.cut_after - passed)])
                    await writer.drain()
                    self.cuts += 1
                    self.cut()
                    return
                passed += len(data)
                if wait := weather.delay + (len(data) / weather.rate if weather.rate else 0.0):
                    await asyncio.sleep(wait)
                if not weather.swallow:
                    writer.write(data)
                    await writer.drain()
        writer.close()


@asynccontextmanager
async def proxy(host: str, port: int) -> AsyncGenerator[Proxy]:
    """A proxy in front of a server, until the block is left."""
    made = Proxy()
    server = await made.serve(host, port)
    try:
        yield made
    finally:
        server.close()
        await made.close()
        await server.wait_closed()
