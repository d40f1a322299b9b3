"""Rows with more than a lock: a song, labels, a mark as another's duplicate.

Users edit them without asking. Programs act on listings that are long out of date: they redirect
duplicates to a keeper, and add labels to rows that nobody has claimed.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

from simulation.lock.process import Process
from simulation.lock.world import World
from tasks.dedupe.groups import DuplicateGroup, RowKeys, duplicate_groups
from tasks.errors import SyncError
from tasks.locks.hold import hold_rows, write_decided
from tasks.locks.ports import LockRow
from tasks.locks.track_locks import HeldRow, TrackLocks
from tasks.tracks import Track

_MARK = "Duplicate"


async def user(world: World, until: float) -> None:
    """Somebody corrects addresses and adds labels by hand, at any moment."""
    while world.loop.time() < until:
        await asyncio.sleep(world.random.expovariate(8 / world.timing.timeout))
        page_id = world.random.choice(list(world.registers))
        if world.random.random() < 0.5:
            world.edit_song(page_id, world.random.choice(world.songs))
        else:
            world.add_label(page_id)


async def curator(world: World, host: str, until: float) -> None:
    """One program that lists, lingers, and acts on what it has listed; after a kill the next."""
    while world.loop.time() < until:
        process = Process(world, host)
        try:
            await _curate(process, until)
        except BaseException:
            if not process.dead:
                raise
            await asyncio.sleep(world.random.expovariate(0.2))


async def _curate(process: Process, until: float) -> None:
    world, random = process.world, process.world.random
    locks = process.locks
    while world.loop.time() < until:
        listed = [world.row(page_id) for page_id in world.registers]
        await process.sleep(random.uniform(0, 0.3 * world.timing.timeout))
        try:
            if random.random() < 0.6:
                await _redirect(locks, process, listed)
            else:
                await _label(locks, process, random.choice(listed))
        except SyncError as error:
            world.ledger.note(f"{process}: {error}")


async def _redirect(locks: TrackLocks, process: Process, listed: Sequence[LockRow]) -> None:
    """As flows/rows/redirect.py does it: both rows held, the keeper until the other is marked."""
    found = pair_of(listed)
    if found is None:
        return
    keeper, (other, *_) = found.keeper, found.others
    async with hold_rows(locks, (keeper.page_id, other.page_id)) as rows:
        process.world.ledger.counts["pairs held"] += 1
        pair = as_they_are(found, list(rows.values()))
        if pair is None:
            return
        keeper, other = pair.keeper, pair.others[0]
        process.decided_on(other.page_id, rows)
        await rows[other.page_id].finish({_MARK: {"url": keeper.page_id}})
        await rows[keeper.page_id].finish({})
        process.world.ledger.counts["redirected"] += 1


def as_they_are(_: DuplicateGroup, rows: Sequence[HeldRow]) -> DuplicateGroup | None:
    """The decision, on the rows as they are under the claim."""
    return pair_of([row.row for row in rows])


async def _label(locks: TrackLocks, process: Process, listed: LockRow) -> None:
    """A label more, beside those that the row has by then."""

    async def decide(row: LockRow) -> Mapping[str, Any]:
        labels = labels_in(newest(listed, row))
        if process.label in labels:
            return {}
        process.decided_on(row.page_id, [row.page_id])
        return {"Labels": {"multi_select": [{"name": name} for name in (*labels, process.label)]}}

    written = await write_decided(locks, listed.page_id, decide)
    process.world.ledger.counts["labelled"] += written is not None


def newest(_: LockRow, row: LockRow) -> LockRow:
    """The row that is decided on: as it was read right before."""
    return row


def labels_in(row: LockRow) -> Sequence[str]:
    return [option["name"] for option in row.page["properties"]["Labels"]["multi_select"]]


def pair_of(rows: Sequence[LockRow]) -> DuplicateGroup | None:
    """The first two live rows that agree, by the production's own rule."""
    groups = duplicate_groups([to_track(row) for row in rows], _keys)
    return groups[0] if groups else None


def _keys(track: Track) -> RowKeys:
    return RowKeys(frozenset([track.soundcloud_url]), track.soundcloud_id)


def to_track(row: LockRow) -> Track:
    shown = row.page["properties"]
    song = str(shown["Song"]["number"])
    return Track(
        page_id=row.page_id,
        soundcloud_url=f"soundcloud.com/nova/{song}",
        soundcloud_id=song,
        downloaded=shown["Result"]["number"] is not None,
        is_duplicate=bool(shown[_MARK]["url"]),
    )
