"""Where a share link leads: only then can Eagle and the other rows be asked for the track."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import replace

from flows.session.connections import Connections
from tasks.errors import BadAddress, SourceError
from tasks.facts import source_of
from tasks.soundcloud.address import AddressKind
from tasks.tracks import Track

_log = logging.getLogger("flows.selection")

_AT_ONCE = 4


async def follow_short_link(connections: Connections, row: Track) -> Track:
    """The row with the address its share link leads to; as it is, if it has none or it fails.

    Costs one request to SoundCloud for a share link. Nothing is written into the row.
    """
    try:
        address = source_of(row, connections.hosts)
        if address.kind is not AddressKind.SHORT_LINK:
            return row
        return replace(row, soundcloud_url=(await connections.source.resolve(address)).url)
    except BadAddress:
        return row
    except SourceError as error:
        _log.debug("%s: its share link was not followed: %s", row.label, error)
        return row


async def follow_short_links(connections: Connections, rows: Sequence[Track]) -> list[Track]:
    """The same for all rows that are not done, in their order."""
    turns = asyncio.Semaphore(_AT_ONCE)

    async def one(row: Track) -> Track:
        async with turns:
            return await follow_short_link(connections, row)

    open_rows = [row for row in rows if not (row.downloaded or row.is_duplicate)]
    found = {row.page_id: row for row in await asyncio.gather(*map(one, open_rows))}
    return [found.get(row.page_id, row) for row in rows]
