"""Rows that two machines made of the same track in the same seconds: one of them is taken back.

Notion has no value that must be unique, and its queries lag behind writes (docs/facts/notion.md).
So whoever has made rows looks again, as soon as queries show what was written before: of two such
rows the maker of the later one sees both. It gives up its own, with both claimed, so that never
both go. A twin that stays hidden for longer is redirected by a later sync, as every duplicate is.
"""

from __future__ import annotations

import asyncio
import logging
import time

from flows.following.adding import Adding, Made
from tasks.errors import LockError
from tasks.facts import keys_of
from tasks.tracks import Track

_log = logging.getLogger("flows.follow")

_AT_A_TIME = 8


async def give_up_twins(adding: Adding) -> None:
    """Take back the rows of `adding` that another machine has made as well. Raises NotionError."""
    made = list(adding.made)
    if not made or adding.dry_run:
        return
    await asyncio.sleep(max(0.0, made[-1].at + adding.rows.settling - time.monotonic()))
    rows = await adding.find([one.wanted for one in made])
    ours = {one.page_id for one in made}
    by_key: dict[str, Track] = {}
    for row in rows:
        if row.page_id not in ours and not row.is_duplicate:
            by_key |= dict.fromkeys(keys_of(row, adding.hosts), row)
    twins = [(one, _of(one, by_key)) for one in made]
    turns = asyncio.Semaphore(_AT_A_TIME)
    await asyncio.gather(*(_give_up(adding, one, twin, turns) for one, twin in twins if twin))


def _of(one: Made, by_key: dict[str, Track]) -> Track | None:
    return next((by_key[key] for key in one.wanted.keys if key in by_key), None)


async def _give_up(adding: Adding, one: Made, twin: Track, turns: asyncio.Semaphore) -> None:
    async with turns:
        await _give_up_now(adding, one, twin)


async def _give_up_now(adding: Adding, one: Made, twin: Track) -> None:
    try:
        await adding.put_into(one.wanted.playlist, twin)
        if await adding.rows.take_back(one.page_id, twin.page_id):
            adding.was_there(one, twin)
            _log.info("   %s: another machine has made its row; ours is taken back", twin.label)
    except LockError as error:
        _log.debug("A second row of %s stays for now: %s", twin.label, error)
