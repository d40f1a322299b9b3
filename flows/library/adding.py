"""`library-sync add URL...`: tracks and playlists of SoundCloud into Notion, none of them twice.

Cheap for what is there already: rows are looked for by address and number, 45 a query; only
unknown tracks are asked of SoundCloud, one request each, for their title and artist.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from flows.session.preflight import open_schema
from flows.settings import Settings
from tasks.errors import BadAddress, SourceError
from tasks.facts import keys_of
from tasks.notion.budget import RequestBudget
from tasks.notion.client import NotionClient
from tasks.notion.filters import wants
from tasks.notion.new_rows import JustMade, NewRows
from tasks.notion.playlists import PlaylistNames
from tasks.notion.schema import Field
from tasks.soundcloud.address import Address, parse_address, parse_set_address
from tasks.soundcloud.budget import SourceBudget
from tasks.soundcloud.client import SoundCloudClient, SourceFacts
from tasks.tracks import Track, TrackFilter

__all__ = ["Added", "add_tracks"]

_log = logging.getLogger("flows.add")

_NUMBER_KEY = "soundcloud:tracks:"


@dataclass(frozen=True)
class _Wanted:
    """A track to be there: its address, its playlist ("" for none), what the source says of it."""

    address: Address
    playlist: str
    facts: SourceFacts | None = None

    @property
    def keys(self) -> tuple[str, ...]:
        """Canonical keys, as `keys_of` has them for a row."""
        known = [self.address.key]
        if self.facts is not None and self.facts.soundcloud_id:
            known.append(f"{_NUMBER_KEY}{self.facts.soundcloud_id}")
        if self.facts is not None and self.facts.webpage_url:
            known.append(_page_address(self.facts, self.address).key)
        return tuple(dict.fromkeys(known))


@dataclass(kw_only=True)
class Added:
    """What became of the addresses. `waiting` are the ids of the rows a sync has to work on."""

    added: list[str] = field(default_factory=list)
    present: list[str] = field(default_factory=list)
    put_into_playlist: list[str] = field(default_factory=list)
    refused: list[tuple[str, str]] = field(default_factory=list)
    waiting: list[str] = field(default_factory=list)

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON values."""
        refused = [{"url": url, "reason": reason} for url, reason in self.refused]
        return vars(self) | {"refused": refused}

    def lines(self) -> list[str]:
        """The outcome for a terminal."""
        text = [f"   new: {label}" for label in self.added]
        text += [f"   refused: {url}: {reason}" for url, reason in self.refused]
        numbers = f"{len(self.added)} added, {len(self.present)} there already"
        if self.put_into_playlist:
            numbers += f" ({len(self.put_into_playlist)} of them now in the playlist too)"
        return [*text, f"{numbers}, {len(self.refused)} refused."]


async def add_tracks(settings: Settings, urls: Sequence[str], playlist: str) -> Added:
    """Bring the tracks behind `urls` into Notion; a set's name is its playlist unless one is given.

    Raises ConfigurationError and NotionError; an address that leads nowhere is in `refused`.
    """
    budget = RequestBudget(settings.notion_requests_per_minute)
    client = NotionClient(settings.notion_token, base_url=settings.notion_base_url, budget=budget)
    async with client:
        schema = await open_schema(client, settings)
        just_made = JustMade(settings.state_dir / "added.jsonl")
        adding = _Adding(
            settings=settings,
            source=_source(settings),
            rows=NewRows(client, schema, just_made),
            names=PlaylistNames(client, schema),
        )
        for wanted in await adding.wanted(urls, playlist):
            adding.queue.setdefault(wanted.address.key, wanted)
        await adding.run()
    return adding.outcome


def _source(settings: Settings) -> SoundCloudClient:
    return SoundCloudClient(
        proxy=settings.sc_proxy or None,
        tls_verify=settings.sc_tls_verify,
        auth_token=settings.sc_auth_token or None,
        cache_dir=settings.state_dir / "yt-dlp",
        allowed_hosts=settings.allowed_source_hosts,
        budget=SourceBudget(),
    )


@dataclass(kw_only=True)
class _Adding:
    """One command at work."""

    settings: Settings
    source: SoundCloudClient
    rows: NewRows
    names: PlaylistNames
    outcome: Added = field(default_factory=Added)
    queue: dict[str, _Wanted] = field(default_factory=dict)
    relations: dict[str, str | None] = field(default_factory=dict)

    async def wanted(self, urls: Sequence[str], playlist: str) -> list[_Wanted]:
        """Every track behind the addresses, in order."""
        found: list[_Wanted] = []
        for url in urls:
            try:
                found += await self._tracks_of(url, playlist)
            except SourceError as error:
                self.outcome.refused.append((url, f"{error} {error.remedy}"))
        return found

    async def run(self) -> None:
        """Look for all of them at once, ask the source for the unknown, add what is missing."""
        unknown = await self._without_present(list(self.queue.values()))
        probed = [w for wanted in unknown if (w := await self._probed(wanted)) is not None]
        missing = await self._without_present(probed)
        added: set[str] = set()
        for wanted in missing:
            if added.isdisjoint(wanted.keys):
                await self._add(wanted)
            added |= set(wanted.keys)

    async def _tracks_of(self, url: str, playlist: str) -> list[_Wanted]:
        try:
            address = parse_set_address(url)
        except BadAddress:
            return [_Wanted(await self._address(url), playlist)]
        tracks = await self.source.list_set(address)
        _log.info("   %s: %d tracks", tracks.title or address, len(tracks.urls))
        name = playlist or tracks.title
        return [_Wanted(await self._address(track), name) for track in tracks.urls]

    async def _address(self, url: str) -> Address:
        hosts = self.settings.allowed_source_hosts
        return await self.source.resolve(parse_address(url, allowed_hosts=hosts))

    async def _without_present(self, wanted: Sequence[_Wanted]) -> list[_Wanted]:
        """Those that no row holds; the others' rows are put into the playlist."""
        keys = [key for one in wanted for key in one.keys]
        numbers = [k.removeprefix(_NUMBER_KEY) for k in keys if k.startswith(_NUMBER_KEY)]
        paths = [k.partition("/")[2] for k in keys if k.startswith("soundcloud.com/")]
        rows = await self.rows.find(paths, numbers, keys) if keys else []
        hosts = self.settings.allowed_source_hosts
        by_key = {key: row for row in reversed(rows) for key in keys_of(row, hosts)}
        absent = []
        for one in wanted:
            row = next((by_key[key] for key in one.keys if key in by_key), None)
            if row is None:
                absent.append(one)
            else:
                await self._is_present(one, row)
        return absent

    async def _is_present(self, wanted: _Wanted, row: Track) -> None:
        self.outcome.present.append(row.label)
        if wants(row, TrackFilter.UNPROCESSED):
            self.outcome.waiting.append(row.page_id)
        if not wanted.playlist:
            return
        full = await self.names.of(row)
        relation = await self._relation(wanted.playlist)
        if await self.rows.put_into(full, wanted.playlist, relation):
            self.outcome.put_into_playlist.append(row.label)

    async def _probed(self, wanted: _Wanted) -> _Wanted | None:
        try:
            facts = await self.source.probe(wanted.address)
        except SourceError as error:
            self.outcome.refused.append((wanted.address.url, f"{error} {error.remedy}"))
            return None
        return _Wanted(wanted.address, wanted.playlist, facts)

    async def _add(self, wanted: _Wanted) -> None:
        assert wanted.facts is not None
        facts = wanted.facts
        artist = facts.artist or facts.uploader
        values = {
            Field.TITLE: facts.title,
            Field.ARTIST: artist,
            Field.SOUNDCLOUD_URL: _page_address(facts, wanted.address).url,
            Field.SOUNDCLOUD_ID: facts.soundcloud_id or None,
        }
        relation = await self._relation(wanted.playlist) if wanted.playlist else None
        page_id = await self.rows.add(values, wanted.keys, wanted.playlist, relation)
        self.outcome.added.append(f"{artist} - {facts.title}" if artist else facts.title)
        self.outcome.waiting.append(page_id)

    async def _relation(self, playlist: str) -> str | None:
        if playlist not in self.relations:
            self.relations[playlist] = await self.rows.playlist(playlist)
        return self.relations[playlist]


def _page_address(facts: SourceFacts, given: Address) -> Address:
    """The track's page rather than its number; the given one where it says more, or nothing else
    is known."""
    if given.secret or not facts.webpage_url:
        return given
    try:
        return parse_address(facts.webpage_url)
    except BadAddress:
        return given
