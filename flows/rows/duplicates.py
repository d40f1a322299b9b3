"""The duplicates among a run's rows: found by exact keys, redirected to the row that is kept."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable, Sequence

from flows.rows.redirect import redirect
from flows.session.connections import Connections
from flows.session.run_state import RunState
from tasks.dedupe.groups import DuplicateGroup, duplicate_groups
from tasks.facts import identity_of, row_keys, soundcloud_path
from tasks.notion.queries import find_rows
from tasks.retrying import Through
from tasks.shown_text import counted
from tasks.side_by_side import side_by_side
from tasks.tracks import Track, TrackResult, TrackStatus

_log = logging.getLogger("flows.selection")

_GROUPS_AT_ONCE = 4


async def find_duplicates(
    connections: Connections, tracks: Sequence[Track], everything: Sequence[Track] | None
) -> list[DuplicateGroup]:
    """Groups within `tracks` and with the rest of the database.

    Costs no request if `everything` has all rows with an address. Raises NotionError.
    """
    _log.debug("Looking for duplicates of %s", counted(len(tracks), "row"))
    if not tracks:
        return []
    twins = await _twins(connections, tracks, everything)
    known = {track.page_id for track in tracks}
    strangers = [t for t in twins if t.page_id not in known and not t.is_duplicate]
    return duplicate_groups(
        [*tracks, *strangers],
        lambda track: row_keys(track, connections.hosts),
        connections.decisions.are_apart,
    )


async def _twins(
    connections: Connections, tracks: Iterable[Track], everything: Sequence[Track] | None
) -> list[Track]:
    """Rows that may have the address or the SoundCloud id of one of `tracks`."""
    hosts = connections.hosts
    paths = {path for track in tracks if (path := soundcloud_path(track, hosts))}
    ids = {number for track in tracks if (number := identity_of(track, hosts).soundcloud_id)}
    if everything is not None:
        return [
            t for t in everything if soundcloud_path(t, hosts) in paths or t.soundcloud_id in ids
        ]
    return await find_rows(connections.notion, connections.schema, sorted(paths), sorted(ids))


async def redirect_duplicates(
    connections: Connections,
    state: RunState,
    tracks: Iterable[Track],
    groups: Sequence[DuplicateGroup],
    through: Through,
) -> dict[str, TrackResult]:
    """What became of each duplicate among `tracks`, by page id; others are left to other runs.

    Who redirects a row claims it and its keeper, so claims of these that were begun are given back.
    Redirections go `through` what waits for a service that is away.
    """
    in_groups = {row.page_id for group in groups for row in (group.keeper, *group.others)}
    await state.head_start.give_back(in_groups)
    ours = {track.page_id for track in tracks}
    turns = asyncio.Semaphore(_GROUPS_AT_ONCE)

    async def redirect_all(group: DuplicateGroup) -> list[TrackResult | None]:
        others = [other for other in group.others if other.page_id in ours]
        async with turns:
            return [await _redirect(connections, state, group, each, through) for each in others]

    async with side_by_side() as tasks:
        done = [tasks.create_task(redirect_all(group)) for group in groups]
    results = [result for task in done for result in task.result()]
    return {result.page_id: result for result in results if result is not None}


async def _redirect(
    connections: Connections,
    state: RunState,
    group: DuplicateGroup,
    other: Track,
    through: Through,
) -> TrackResult | None:
    """None if the two turn out to be no duplicates; then both are worked on."""
    if not connections.settings.dry_run:
        return await redirect(connections, state.folder, group.keeper, other, through)
    return TrackResult.of(
        other,
        TrackStatus.SKIPPED_DUPLICATE,
        f"would be redirected to {group.keeper.label}: {group.reason}",
        eagle_item_id=other.eagle_id or None,
        dedupe_keeper_id=group.keeper.page_id,
    )
