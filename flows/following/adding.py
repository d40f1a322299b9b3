"""Tracks and lists of SoundCloud into Notion, none of them twice: for `add` and for following.

Cheap for what is there already: rows are looked for by address and number, 50 a query. SoundCloud
is asked for title and artist of unknown tracks alone, and only where a list did not say them.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from flows.following.added import Added, remedy_without_row
from flows.session.clients import opened_services
from flows.settings import Settings
from tasks.errors import BadAddress, LockError, SourceError, SyncError
from tasks.facts import keys_of
from tasks.notion.filters import wants
from tasks.notion.new_rows import NewRows
from tasks.notion.playlists import PlaylistNames
from tasks.notion.properties import Field
from tasks.notion.values import playlist_key
from tasks.shown_text import counted
from tasks.soundcloud.address import TRACK_KEY, Address, parse_address
from tasks.soundcloud.client import SoundCloudClient
from tasks.soundcloud.credit import credit
from tasks.soundcloud.information import SourceFacts
from tasks.soundcloud.listing import read_list
from tasks.soundcloud.lists import (
    ListAddress,
    ListedTrack,
    ListKind,
    SourceList,
    parse_list_address,
)
from tasks.tracks import Track, TrackFilter, TrackResult, TrackStatus

_log = logging.getLogger("flows.add")


@dataclass(frozen=True)
class WantedTrack:
    """A track to be there: its address, its playlist ("" for none), what the source says of it."""

    address: Address
    playlist: str
    facts: SourceFacts | None = None

    @property
    def keys(self) -> tuple[str, ...]:
        """Canonical keys, as `keys_of` has them for a row."""
        known = [self.address.key]
        if self.facts is not None and self.facts.soundcloud_id:
            known.append(f"{TRACK_KEY}{self.facts.soundcloud_id}")
        if self.facts is not None and self.facts.webpage_url:
            known.append(_page_address(self.facts, self.address).key)
        return tuple(dict.fromkeys(known))


async def add_tracks(settings: Settings, urls: Sequence[str], playlist: str) -> Added:
    """Bring the tracks behind `urls` into Notion; a set's name is its playlist unless one is given.

    Raises ConfigurationError and NotionError; an address that leads nowhere is in `refused`.
    """
    async with opened_services(settings) as services:
        adding = Adding(
            hosts=settings.allowed_source_hosts,
            source=services.source,
            rows=services.rows(),
            names=PlaylistNames(services.notion, services.schema),
            dry_run=settings.dry_run,
        )
        await adding.run(await adding.wanted(urls, playlist))
    return adding.outcome


@dataclass(frozen=True, kw_only=True)
class Made:
    """A row that was made for a track, at a time of `monotonic()`."""

    wanted: WantedTrack
    page_id: str
    label: str
    at: float


@dataclass(kw_only=True)
class Adding:
    """Tracks on their way into Notion. `hosts` are those of ALLOWED_SOURCE_HOSTS.

    With `dry_run` the outcome says what would be added, and nothing is written.
    """

    hosts: frozenset[str]
    source: SoundCloudClient
    rows: NewRows
    names: PlaylistNames
    dry_run: bool = False
    relations: dict[str, str | None] = field(default_factory=dict)
    made: list[Made] = field(default_factory=list)
    outcome: Added = field(init=False)

    def __post_init__(self) -> None:
        self.outcome = Added(dry_run=self.dry_run)

    async def wanted(self, urls: Sequence[str], playlist: str) -> list[WantedTrack]:
        """Every track behind the addresses, in order."""
        found: list[WantedTrack] = []
        for url in urls:
            try:
                found += await self._tracks_of(url, playlist)
            except SourceError as error:
                self._refuse(url, error)
        return found

    async def listed(self, track: ListedTrack, playlist: str) -> WantedTrack:
        """A track of a list, to be in `playlist`. Raises BadAddress."""
        return WantedTrack(await self._address(track.url), playlist, track.facts)

    async def run(self, tracks: Iterable[WantedTrack]) -> None:
        """Look for all of them at once, ask the source for the unknown, add what is missing."""
        queue: dict[str, WantedTrack] = {}
        for wanted in tracks:
            queue.setdefault(wanted.address.key, wanted)
        unknown = await self._without_present(list(queue.values()))
        asked = [w for one in unknown if not one.facts and (w := await self._probed(one))]
        missing = [one for one in unknown if one.facts] + await self._without_present(asked)
        place = {key: number for number, key in enumerate(queue)}
        added: set[str] = set()
        for wanted in sorted(missing, key=lambda one: place[one.address.key]):
            if added.isdisjoint(wanted.keys):
                await self._add_or_refuse(wanted)
            added |= set(wanted.keys)

    async def _tracks_of(self, url: str, playlist: str) -> list[WantedTrack]:
        url = await self.source.expand(url)
        try:
            address = parse_list_address(url)
        except BadAddress:
            return [WantedTrack(await self._address(url), playlist)]
        found = await read_list(self.source, address)
        tracks = counted(len(found.tracks), "track")
        _log.info("   %s: %s", found.title or address.shown, tracks)
        name = playlist or found.title
        return [await self.listed(track, name) for track in in_order_of_making(address, found)]

    async def _address(self, url: str) -> Address:
        return await self.source.resolve(parse_address(url, allowed_hosts=self.hosts))

    async def _without_present(self, wanted: Sequence[WantedTrack]) -> list[WantedTrack]:
        """Those that no row holds; the others' rows are put into the playlist."""
        rows = await self.find(wanted)
        by_key = {key: row for row in reversed(rows) for key in keys_of(row, self.hosts)}
        absent = []
        for one in wanted:
            row = next((by_key[key] for key in one.keys if key in by_key), None)
            if row is None:
                absent.append(one)
            else:
                await self._is_present(one, row)
        return absent

    async def find(self, wanted: Sequence[WantedTrack]) -> list[Track]:
        """Rows that may hold one of these tracks, to be compared by key."""
        keys = [key for one in wanted for key in one.keys]
        numbers = [k.removeprefix(TRACK_KEY) for k in keys if k.startswith(TRACK_KEY)]
        paths = [k.partition("/")[2] for k in keys if k.startswith("soundcloud.com/")]
        return await self.rows.find(paths, numbers, keys) if keys else []

    def was_there(self, made: Made, row: Track) -> None:
        """A row of ours was taken back for one that somebody else made."""
        self.outcome.added.remove(made.label)
        self.outcome.waiting.remove(made.page_id)
        self.outcome.present.append(row.label)
        if wants(row, TrackFilter.UNPROCESSED):
            self.outcome.waiting.append(row.page_id)
        self._note(made.wanted, row.page_id)

    async def _is_present(self, wanted: WantedTrack, row: Track) -> None:
        self.outcome.present.append(row.label)
        if wants(row, TrackFilter.UNPROCESSED):
            self.outcome.waiting.append(row.page_id)
        try:
            if await self.put_into(wanted.playlist, row):
                self.outcome.put_into_playlist.append(row.label)
                if row.page_id not in self.outcome.waiting:
                    self.outcome.finished.append(row.page_id)
            elif other := self.rows.other_playlist(row, wanted.playlist):
                self.outcome.in_another[row.label] = other
        except LockError as error:
            self._refuse(wanted.address.url, error)
            return
        self._note(wanted, row.page_id)

    async def put_into(self, playlist: str, row: Track) -> bool:
        """Whether the row was not in the playlist yet. Raises LockError while it is worked on."""
        if not playlist:
            return False
        if self.dry_run:
            full = await self.names.of(row)
            known = {playlist_key(name) for name in full.playlists}
            return playlist_key(playlist) not in known
        return await self.rows.put_into(row, playlist, await self._relation(playlist))

    async def _probed(self, wanted: WantedTrack) -> WantedTrack | None:
        try:
            facts = await self.source.probe(wanted.address)
        except SourceError as error:
            self._refuse(wanted.address.url, error)
            if not error.retryable:
                self.outcome.gone |= set(wanted.keys)
            return None
        return WantedTrack(wanted.address, wanted.playlist, facts)

    async def _add_or_refuse(self, wanted: WantedTrack) -> None:
        """Add it; a row that may have been made all the same is left for another time to find."""
        try:
            await self._add(wanted)
        except SyncError as error:
            if not error.maybe_applied:
                raise
            self._refuse(wanted.address.url, error)

    async def _add(self, wanted: WantedTrack) -> None:
        assert wanted.facts is not None
        facts = wanted.facts
        artist, title = credit(
            row_artist="",
            row_title="",
            publisher=facts.artist,
            title=facts.title,
            uploader=facts.uploader,
        )
        label = f"{artist} - {title}" if artist else title
        url = _page_address(facts, wanted.address).url
        if self.dry_run:
            self.outcome.added.append(label)
            self.outcome.planned.append(_planned(title, artist, url, wanted.playlist))
            return
        values = {
            Field.TITLE: title,
            Field.ARTIST: artist,
            Field.SOUNDCLOUD_URL: url,
            Field.SOUNDCLOUD_ID: facts.soundcloud_id or None,
        }
        relation = await self._relation(wanted.playlist) if wanted.playlist else None
        page_id = await self.rows.add(values, wanted.keys, wanted.playlist, relation)
        self._note(wanted, page_id)
        self.outcome.added.append(label)
        self.outcome.waiting.append(page_id)
        made = Made(wanted=wanted, page_id=page_id, label=label, at=time.monotonic())
        self.made.append(made)

    async def _relation(self, playlist: str) -> str | None:
        if playlist not in self.relations:
            self.relations[playlist] = await self.rows.playlist(playlist)
        return self.relations[playlist]

    def _note(self, wanted: WantedTrack, page_id: str) -> None:
        self.outcome.rows |= dict.fromkeys(wanted.keys, page_id)

    def _refuse(self, url: str, error: SyncError) -> None:
        self.outcome.refused.append((url, f"{error} {remedy_without_row(error)}"))


def in_order_of_making(address: ListAddress, found: SourceList) -> Sequence[ListedTrack]:
    """The tracks as their rows are made: a playlist's from its top, other lists' oldest first."""
    return found.tracks if address.kind is ListKind.SET else found.tracks[::-1]


def _planned(title: str, artist: str, url: str, playlist: str) -> TrackResult:
    where = f" with the playlist {playlist!r}" if playlist else ""
    return TrackResult(
        page_id="",
        title=title,
        artist=artist,
        status=TrackStatus.PENDING,
        source_url=url,
        action=f"get a row{where}, and be downloaded",
    )


def _page_address(facts: SourceFacts, given: Address) -> Address:
    """The track's page rather than its number; the given one where it says more, or nothing else
    is known."""
    if given.secret or not facts.webpage_url:
        return given
    try:
        return parse_address(facts.webpage_url)
    except BadAddress:
        return given
