"""Why a row is as it is: its state, what a sync would do with it, its lock, its attempts, Eagle."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

from flows.rows.copied import UNTOLD, Copied, copied_in
from flows.rows.filtering import is_wanted, plan_for, resting
from flows.rows.finished import lacking
from flows.session.connections import Connections
from flows.session.opening import open_session
from tasks.eagle.index import Match
from tasks.errors import ConfigurationError, NotionRefused, SourceError
from tasks.facts import items_of_other_formats, row_keys, soundcloud_path
from tasks.locks.ports import this_host
from tasks.locks.registry import own_locks
from tasks.locks.standing import standing
from tasks.notion.links import id_in
from tasks.notion.queries import find_row, find_rows
from tasks.planning import Action
from tasks.retrying import at_once
from tasks.soundcloud.address import AddressKind, parse_address
from tasks.tracks import Track, TrackFilter


@dataclass(frozen=True, kw_only=True)
class Why:
    """What is known of one row; each text is a sentence for a person, "" where there is nothing."""

    label: str
    page_id: str
    page_url: str
    state: str
    sync: Sequence[str]
    lock: str
    attempts: str
    eagle: Sequence[str]
    twins: Sequence[str]

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON values."""
        return {name: list(v) if isinstance(v, list) else v for name, v in vars(self).items()}

    def lines(self) -> list[str]:
        """The row for a terminal."""
        parts = {
            "The row": [self.state],
            "A sync": self.sync,
            "Its lock": [self.lock or "none"],
            "Attempts": [self.attempts or "none that failed"],
            "Eagle": self.eagle,
            "Rows of the same track": self.twins,
        }
        text = [f"{self.label}  {self.page_url}".rstrip()]
        for name, sentences in parts.items():
            text += [f"   {name}: {sentence}" for sentence in sentences if sentence]
        return text


async def why(given: str) -> list[Why]:
    """The row of a Notion link or page id, or each row of a track's address.

    Asks Notion, Eagle, and SoundCloud for a short link, or where the row may name another song's
    item; changes nothing. Raises ConfigurationError if there is none.
    """
    async with open_session(dry_run=True) as run:
        connections = run.connections
        if connections.eagle is not None:
            await connections.eagle.load()
            await connections.eagle.read_folders()
        rows = await _rows(connections, given)
        if not rows:
            raise ConfigurationError(
                f"No row is {given!r}, and none has it as its address.",
                remedy="Give the row's link from Notion, or put the track in with `add`.",
            )
        return [await _explained(connections, row) for row in rows]


async def _rows(connections: Connections, given: str) -> list[Track]:
    page_id = id_in(given) if "soundcloud" not in (urlsplit(given).hostname or "") else ""
    if page_id:
        try:
            row = await find_row(connections.notion, connections.schema, page_id)
        except NotionRefused:
            return []
        return [] if row is None else [row]
    try:
        address = parse_address(given, allowed_hosts=connections.hosts)
        if address.kind is AddressKind.SHORT_LINK:
            address = await connections.source.resolve(address)
    except SourceError as error:
        raise ConfigurationError(str(error), remedy=error.remedy) from error
    return await _same_track(connections, Track(page_id="", soundcloud_url=address.url))


async def _same_track(connections: Connections, track: Track) -> list[Track]:
    """The rows that name the track by its address or its number."""
    hosts = connections.hosts
    mine = row_keys(track, hosts)
    paths = filter(None, [soundcloud_path(track, hosts)])
    numbers = filter(None, [mine.soundcloud_id])
    found = await find_rows(connections.notion, connections.schema, paths, numbers)
    rows = [row for row in found if mine.is_one_track(row_keys(row, hosts))]
    return [row for row in rows if row.page_id != track.page_id]


async def _explained(connections: Connections, listed: Track) -> Why:
    row = await connections.playlists.of(listed)
    copied = await copied_in(connections, row, at_once)
    own = row if copied is None else copied.out_of(row)
    match = connections.match(own)
    attempt = connections.attempts.of(row.page_id)
    return Why(
        label=row.label,
        page_id=row.page_id,
        page_url=row.page_url,
        state=_state(row),
        sync=[f"leaves it alone: {UNTOLD}"]
        if copied is None
        else list(_sync(connections, row, own, match)),
        lock=_lock(connections, row),
        attempts=attempt.reason() if attempt else "",
        eagle=[*_of_another_song(copied), *_eagle(connections, own, match)],
        twins=[f"{twin.label}  {twin.page_url}" for twin in await _same_track(connections, own)],
    )


def _state(row: Track) -> str:
    if row.in_trash:
        return "it is in the trash"
    if row.is_duplicate:
        keeper = f" of {row.duplicate_of}" if row.duplicate_of else ""
        return f"it was redirected as a duplicate{keeper}"
    shows = f"; it shows {', '.join(row.statuses)}" if row.statuses else ""
    ticked = "ticked as downloaded" if row.downloaded else "not ticked as downloaded"
    paths = "names files" if row.has_paths else "names no files"
    return f"{ticked}, {paths}{shows}"


def _sync(connections: Connections, row: Track, own: Track, match: Match | None) -> Iterator[str]:
    """What a sync would do, by filter; the first filter that is about the row is enough to act.

    `own` is the row without what it tells of another song: the work goes by that.
    """
    about = [each for each in TrackFilter if is_wanted(connections, row, each)]
    if not about:
        yield "leaves it alone: no filter is about it"
        return
    plan = plan_for(connections, own, match)
    filters = " or ".join(f"--filter {each}" for each in about)
    yield f"with {filters} would {plan.action.verb}: {plan.reason}"
    if plan.action is Action.SKIP_DONE and TrackFilter.ALL in about:
        for what in lacking(connections, own, match):
            yield f"with --filter all makes good: {what}"
    attempt = resting(connections, own, plan.action)
    if attempt is not None:
        yield f"waits: {attempt.reason()}; --retry-failed tries it now"


def _lock(connections: Connections, row: Track) -> str:
    if not row.lock:
        return ""
    settings = connections.settings
    return standing(
        row.lock,
        now=connections.locks.clock.now(),
        timeout=timedelta(minutes=settings.lock_timeout_minutes),
        last_edited=row.last_edited,
        own=own_locks(settings.state_dir / "locks", host=this_host()),
    ).sentence()


def _of_another_song(copied: Copied | None) -> Iterator[str]:
    for item in copied.others if copied else ():
        yield f"has {item.id}, which the row names: another song's, {item.name}; it is not used"


def _eagle(connections: Connections, row: Track, match: Match | None) -> Iterator[str]:
    eagle, index = connections.eagle, connections.index
    if eagle is None or index is None or match is None:
        yield "is off"
        return
    for kind, item in (("WAV", match.wav), ("AIFF", match.aiff)):
        if item is not None:
            where = eagle.file_path(item) or "its file is not seen from here"
            yield f"has the {kind} {item.id} ({match.reason}): {where}"
    if row.eagle_id and index.get(row.eagle_id) is None:
        yield f"has no live item {row.eagle_id}: it is in Eagle's trash, or in another library"
    for item in items_of_other_formats(index, row, connections.hosts):
        yield f"has an {item.ext.upper()} of it, {item.id}, which is not taken for the recording"
    for item in match.other_length:
        yield f"has {item.id} of it, which has another length than the recording"
    if not (match.wav or match.aiff):
        yield "does not have it"
