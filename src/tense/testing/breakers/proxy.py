"""Proxy: a bad network between a client and its server, on this machine, without privileges."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass

CHUNK = 4096


@dataclass
class Weather:
    """What happens to bytes of one direction; change it at any time.

    `swallow`: they vanish, and the connection stays. `delay`: seconds before each chunk. `rate`: bytes a second.
    `cut_after`: the connection is cut when so many bytes have passed in this direction. `cut_at`: once, at the first chunk
    of which this is true, before it passes; or `answered`, and then the answer to it is what does not pass.
    """

    swallow: bool = False
    delay: float = 0.0
    rate: float | None = None
    cut_after: int | None = None
    cut_at: Callable[[bytes], bool] | None = None
    answered: bool = False


@dataclass
class Link:
    """One connection through the proxy; `cut` is the direction in which nothing more passes."""

    cut: Weather | None = None


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
        link = Link()
        pipes = [
            asyncio.create_task(self._pipe(reader, far_writer, self.up, link)),
            asyncio.create_task(self._pipe(far_reader, writer, self.down, link)),
        ]
        self._pipes.update(pipes)
        await asyncio.gather(*pipes, return_exceptions=True)
        self._pipes.difference_update(pipes)
        self._writers -= {writer, far_writer}

    async def _pipe(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, weather: Weather, link: Link
    ) -> None:
        passed = 0
        with suppress(ConnectionError):
            while data := await reader.read(CHUNK):
                if (last := self._last(data, passed, weather, link)) is not None:
                    writer.write(last)
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

    def _last(self, data: bytes, passed: int, weather: Weather, link: Link) -> bytes | None:
        """What still passes if the connection is to be cut now."""
        if link.cut is weather:
            return b""
        if weather.cut_after is not None and passed + len(data) >= weather.cut_after:
            return data[: max(0, weather.cut_after - passed)]
        if weather.cut_at is None or not weather.cut_at(data):
            return None
        weather.cut_at = None
        if not weather.answered:
            return b""
        link.cut = self.down if weather is self.up else self.up
        return None


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
