"""Forward TCP: `forward.py LISTEN_HOST TARGET_HOST PORT...`, each port to the same port."""

from __future__ import annotations

import asyncio
import contextlib
import sys
from functools import partial


async def main(listen: str, target: str, ports: list[int]) -> None:
    """Serve until killed."""
    for port in ports:
        await asyncio.start_server(partial(relay, target, port), listen, port)
    await asyncio.Event().wait()


async def relay(
    target: str, port: int, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
) -> None:
    """One connection, both ways, until both sides are done."""
    try:
        there_reader, there_writer = await asyncio.open_connection(target, port)
    except OSError:
        writer.close()
        return
    await asyncio.gather(pump(reader, there_writer), pump(there_reader, writer))


async def pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Copy until the end; then tell the other side that there is no more."""
    with contextlib.suppress(OSError):
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
    with contextlib.suppress(OSError):
        writer.close()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2], [int(port) for port in sys.argv[3:]]))
