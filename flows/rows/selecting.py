"""Which of the matching rows need work, which do not and why."""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice

from flows.rows.bad_addresses import mark_bad_addresses
from flows.rows.copied import UNTOLD, copied_in, is_doubtful
from flows.rows.duplicates import find_duplicates, redirect_duplicates
from flows.rows.filtering import failed_last, own_rows_first, plan_for, resting
from flows.rows.finished import Adoption, is_only_an_id, lacking, missing_values
from flows.rows.leftovers import MatchedRow, tell_leftovers
from flows.rows.short_links import follow_short_links
from flows.session.connections import Connections
from flows.session.run_state import RunState
from tasks.eagle.index import Match
from tasks.facts import keys_of
from tasks.planning import Action, Plan
from tasks.retrying import Through, at_once
from tasks.shown_text import counted
from tasks.side_by_side import side_by_side
from tasks.tracks import Track, TrackFilter, TrackResult, TrackStatus

_log = logging.getLogger("flows.selection")

_ASKED_AT_ONCE = 4


@dataclass
class Selection:
    """`work` is for subflows, in this machine's order; `adoptions` lack something that needs no
    subflow; the rest is decided already. `done` and `sourceless` are the rows of some of `skipped`.
    """

    work: list[Track] = field(default_factory=list)
    adoptions: list[Adoption] = field(default_factory=list)
    skipped: list[TrackResult] = field(default_factory=list)
    planned: list[TrackResult] = field(default_factory=list)
    done: list[Track] = field(default_factory=list)
    sourceless: list[Track] = field(default_factory=list)


async def select_tracks(
    connections: Connections,
    state: RunState,
    tracks: Sequence[Track],
    limit: int | None,
    *,
    are_all: bool = False,
    through: Through = at_once,
) -> Selection:
    """Decide every row; redirect duplicates; take `limit` of those that need work.

    A row that needs no work costs no request. If `tracks` `are_all` that have an address, nobody is
    asked for duplicates. A dry run redirects nothing, and has its work in `planned`.
    """
    selection, is_trial = Selection(), connections.settings.dry_run
    tracks = await follow_short_links(connections, tracks)
    tracks = await _without_copied(connections, tracks, selection, through)
    needing = _needing(connections, state, tracks, selection)
    groups, _ = await asyncio.gather(
        find_duplicates(connections, needing, tracks if are_all else None),
        connections.playlists.prepare(() if is_trial else needing[:limit]),
    )
    redirected = await redirect_duplicates(connections, state, needing, groups, through)
    selection.skipped += redirected.values()
    kept = [track for track in needing if track.page_id not in redirected]
    state.kept_apart += kept
    ordered = _begun_first(state, _in_order(connections, state.machines, kept))[:limit]
    room = None if limit is None else limit - len(ordered)
    adoptions = await _unfinished(connections, state, selection, room, are_all=are_all)
    if is_trial:
        selection.planned += _planned(connections, ordered, adoptions)
    else:
        await _make_ready(connections, state, ordered, selection)
        selection.adoptions += adoptions
    return selection


async def _without_copied(
    connections: Connections, tracks: Sequence[Track], selection: Selection, through: Through
) -> list[Track]:
    """The rows without what they still tell of other songs; of which that cannot be told, those are
    left alone.
    """
    turns = asyncio.Semaphore(_ASKED_AT_ONCE)

    async def own(track: Track) -> Track | None:
        async with turns:
            copied = await copied_in(connections, track, through)
        if copied is None:
            selection.skipped.append(_skipped(track, TrackStatus.SKIPPED_ALREADY_DONE, UNTOLD))
            return None
        if copied.others:
            names = ", ".join(dict.fromkeys(item.name for item in copied.others))
            _log.info("   %s: its row names Eagle's item of another song, %s", track.label, names)
        return copied.out_of(track)

    doubtful = [track for track in tracks if is_doubtful(connections, track)]
    async with side_by_side() as group:
        asked = {track.page_id: group.create_task(own(track)) for track in doubtful}
    found = (asked[t.page_id].result() if t.page_id in asked else t for t in tracks)
    return [track for track in found if track is not None]


def _in_order(
    connections: Connections, machines: frozenset[str], rows: Sequence[Track]
) -> list[Track]:
    """This machine's own part before the others', and what failed before at the end."""
    return failed_last(connections, own_rows_first(connections.locks, machines, rows))


def _begun_first(state: RunState, rows: Iterable[Track]) -> list[Track]:
    """Claims that were begun come first, as they were begun, whatever the order is by now: nothing
    renews them before their tracks begin, and what is fetched counts among the tracks at a time.
    """
    place = {page_id: number for number, page_id in enumerate(state.head_start.claimed)}
    return sorted(rows, key=lambda track: place.get(track.page_id, len(place)))


async def _make_ready(
    connections: Connections, state: RunState, rows: Sequence[Track], selection: Selection
) -> None:
    """Share out the rows that need work; claims that were begun for others are given back."""
    await mark_bad_addresses(connections, selection.sourceless)
    _share_out(connections, rows, selection)
    to_work_on = {track.page_id for track in selection.work}
    await state.head_start.give_back(state.head_start.claimed - to_work_on)
    await connections.playlists.prepare(selection.work)


def _share_out(connections: Connections, rows: Iterable[Track], selection: Selection) -> None:
    """A row that only lacks Eagle's ids needs no subflow, and one whose ids the database cannot
    hold needs nothing, night after night.
    """
    for row in rows:
        match = connections.match(row)
        plan = plan_for(connections, row, match)
        if not (match and plan.action is Action.ADOPT and is_only_an_id(row, match)):
            selection.work.append(row)
        elif missing_values(connections, row, match):
            selection.adoptions.append(Adoption(row, match, plan.done))
        else:
            why = f"{plan.reason}, and the database has no property for its id"
            skipped = TrackResult.of(row, TrackStatus.SKIPPED_ALREADY_DONE, why)
            selection.skipped.append(skipped)


def needs_work(connections: Connections, track: Track) -> bool:
    """True if the row is to be worked on now, by what is known without asking anybody."""
    if is_doubtful(connections, track):
        return True
    plan = _plan(connections, track)
    return plan.action.skipped_as is None and resting(connections, track, plan.action) is None


def first_downloads(connections: Connections, tracks: Sequence[Track], number: int) -> list[Track]:
    """The first `number` of the rows that are to be downloaded and that nobody holds.

    Rows that share a key are left out: they may be one track.
    """
    keys = {track.page_id: keys_of(track, connections.hosts) for track in tracks}
    rows_of = Counter(key for each in keys.values() for key in each)
    downloads = [
        track
        for track in tracks
        if not track.lock
        and all(rows_of[key] == 1 for key in keys[track.page_id])
        and not is_doubtful(connections, track)
        and _plan(connections, track).action is Action.DOWNLOAD
        and resting(connections, track, Action.DOWNLOAD) is None
    ]
    return _in_order(connections, frozenset(), downloads)[:number]


async def _unfinished(
    connections: Connections,
    state: RunState,
    selection: Selection,
    room: int | None,
    *,
    are_all: bool,
) -> list[Adoption]:
    """The finished rows that lack something, at most `room`, taken out of what is skipped.

    Only for the filter `all`. Leftovers are named if `are_all` rows are there: no single row tells
    of them. Costs a listing of the playlists' names, and one of Eagle's folders.
    """
    if state.track_filter is not TrackFilter.ALL or not selection.done or room == 0:
        return []
    if connections.eagle is not None:
        await connections.eagle.read_folders()
    await connections.playlists.prepare(selection.done)
    rows = [await connections.playlists.of(listed) for listed in selection.done]
    matched: Iterable[MatchedRow] = _matched(connections, rows)
    if are_all:
        known = list(matched)
        is_old = await tell_leftovers(connections, state, known)
        matched = _matched(connections, rows) if is_old else known
    found = list(islice(_lacking(connections, matched), room))
    named = {adoption.track.page_id for adoption in found}
    selection.skipped = [result for result in selection.skipped if result.page_id not in named]
    return found


def _matched(connections: Connections, rows: Iterable[Track]) -> Iterator[MatchedRow]:
    for row in rows:
        yield row, connections.match(row)


def _lacking(connections: Connections, matched: Iterable[MatchedRow]) -> Iterator[Adoption]:
    """Those of the finished rows that lack something and that nobody holds."""
    for row, match in matched:
        if not row.lock and (what := lacking(connections, row, match)):
            reason = f"the row is complete; {' and '.join(what)} made good"
            yield Adoption(row, match or Match(), reason)


def _needing(
    connections: Connections, state: RunState, tracks: Sequence[Track], selection: Selection
) -> list[Track]:
    """The rows that need work; those that failed and are not due yet are told once."""
    needing = [track for track in tracks if _needs_work(connections, state, track, selection)]
    resting = [result for result in selection.skipped if result.error_type]
    if resting:
        _log.info(
            "   Failed before and not due yet: %s; --retry-failed tries again at once",
            counted(len(resting), "row"),
        )
    return needing


def _needs_work(
    connections: Connections, state: RunState, track: Track, selection: Selection
) -> bool:
    plan = _plan(connections, track)
    status = plan.action.skipped_as
    if status is not None:
        selection.skipped.append(_skipped(track, status, plan.reason))
        is_done = plan.action is Action.SKIP_DONE
        (selection.done if is_done else selection.sourceless).append(track)
        return False
    attempt = None if state.retries_failed else resting(connections, track, plan.action)
    if attempt is None:
        return True
    skipped = _skipped(track, TrackStatus.SKIPPED_NOT_DUE, attempt.reason())
    selection.skipped.append(replace(skipped, error_type=attempt.error))
    return False


def _plan(connections: Connections, track: Track) -> Plan:
    return plan_for(connections, track, connections.match(track))


def _planned(
    connections: Connections, rows: Iterable[Track], adoptions: Iterable[Adoption]
) -> Iterator[TrackResult]:
    """What a dry run would do, and why."""
    for row in rows:
        plan = _plan(connections, row)
        yield _skipped(row, TrackStatus.PENDING, f"{plan.action.verb}: {plan.reason}")
    for adoption in adoptions:
        _log.info("   Would complete: %s (%s)", adoption.track.label, adoption.reason)
        yield _skipped(adoption.track, TrackStatus.PENDING, f"complete: {adoption.reason}")


def _skipped(track: Track, status: TrackStatus, reason: str) -> TrackResult:
    return TrackResult.of(track, status, reason, eagle_item_id=track.eagle_id or None)
