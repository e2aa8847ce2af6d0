"""A TCP port in front of another one, that can be cut, held up, or lose the answer to a COMMIT."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from typing import Final, Self

PIECE: Final = 65_536
COMMIT: Final = b"COMMIT;\x00"
"""The end of PostgreSQL's simple query message for COMMIT."""


class Proxy:
    """Runs in a thread of its own, so that a busy test does not slow down what passes through."""

    def __init__(self, port: int, target: int) -> None:
        self.port = port
        self._target = target
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name=f"proxy-{port}", daemon=True)
        self._flowing = asyncio.Event()
        self._refusing = False
        self._losing = 0
        self._open: set[asyncio.StreamWriter] = set()
        self._server: asyncio.Server | None = None

    def __enter__(self) -> Self:
        self._thread.start()
        self._do(self._listen())
        return self

    def __exit__(self, *_: object) -> None:
        self._do(self._close())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()

    def cut(self) -> None:
        """Reset every connection and refuse new ones until `mend`."""
        self._now(self._cut)

    def stall(self) -> None:
        """Keep every connection open and pass nothing on until `mend`."""
        self._now(self._flowing.clear)

    def mend(self) -> None:
        """Let everything through again."""
        self._now(self._mend)

    def lose_commit(self) -> None:
        """Pass the next COMMIT on to the server and reset the connection before its answer comes back."""
        self._now(self._lose_next)

    @property
    def losing(self) -> int:
        """How many COMMITs are still to lose their answer."""
        return self._losing

    def _do(self, work: object) -> None:
        asyncio.run_coroutine_threadsafe(work, self._loop).result(10)  # type: ignore[arg-type]

    def _now(self, act: Callable[[], None]) -> None:
        self._loop.call_soon_threadsafe(act)

    async def _listen(self) -> None:
        self._flowing.set()
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", self.port)

    async def _close(self) -> None:
        if self._server:
            self._server.close()
        self._cut()
        self._flowing.set()
        others = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        await asyncio.gather(*others, return_exceptions=True)

    def _cut(self) -> None:
        self._refusing = True
        self._reset(self._open)

    def _mend(self) -> None:
        self._refusing = False
        self._flowing.set()

    def _lose_next(self) -> None:
        self._losing += 1

    def _reset(self, writers: set[asyncio.StreamWriter]) -> None:
        for writer in list(writers):
            writer.transport.abort()

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._refusing:
            writer.transport.abort()
            return
        try:
            onward_reader, onward_writer = await asyncio.open_connection("127.0.0.1", self._target)
        except OSError:
            writer.transport.abort()
            return
        both = {writer, onward_writer}
        self._open |= both
        directions = [
            asyncio.create_task(self._pump(reader, onward_writer, loses=writer)),
            asyncio.create_task(self._pump(onward_reader, writer)),
        ]
        try:
            await asyncio.wait(directions, return_when=asyncio.FIRST_COMPLETED)
        finally:
            self._reset(both)
            self._open -= both
            await asyncio.gather(*directions, return_exceptions=True)

    async def _pump(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, loses: asyncio.StreamWriter | None = None
    ) -> None:
        """One direction until either end closes; `loses` is who is not to hear the answer to a COMMIT."""
        while piece := await reader.read(PIECE):
            await self._flowing.wait()
            losing = loses is not None and self._losing > 0 and piece.endswith(COMMIT)
            if loses is not None and losing:
                self._losing -= 1
                loses.transport.abort()
            writer.write(piece)
            await writer.drain()
            if losing:
                await asyncio.sleep(0.2)  # until the server has it
                return
