"""What a row still tells of another song.

A person duplicates a finished row for another track, writes its title and address, and empties less
than stands there: the Eagle id, a path or the hash that is left leads to the first song's item.
Where that item's name and address both are not the row's, SoundCloud is asked for the row's track
before anything follows from it (docs/facts/audio.md, "Order of evidence").
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import PurePath

from flows.session.connections import Connections
from tasks.audio.recording import is_length_right
from tasks.eagle.index import Doubt
from tasks.eagle.records import EagleItem
from tasks.errors import SourceError
from tasks.facts import address_key, identity_of, item_id_in, source_of
from tasks.retrying import Through
from tasks.soundcloud.address import Address, AddressKind, parse_address
from tasks.soundcloud.information import SourceFacts, has_preview_length
from tasks.tracks import Track

_log = logging.getLogger("flows.selection")

UNTOLD = (
    "the Eagle item that the row names has another name and address, and SoundCloud does not say "
    "whether it is this track"
)
"""Why a finished row is left alone."""


@dataclass(frozen=True)
class Copied:
    """`others` are another song's items that the row names, `own_id` is the row's Eagle id if that
    is of a live item and its own, `number` SoundCloud's of the row's track, where it was asked.
    """

    others: Sequence[EagleItem] = ()
    own_id: str = ""
    number: str = ""

    def out_of(self, row: Track) -> Track:
        """The row without what it has of those items: then it is a row that was never done."""
        if not self.others:
            return row
        row = replace(
            row,
            wav_path=self._own(row.wav_path),
            aiff_path=self._own(row.aiff_path),
            m4a_path=self._own(row.m4a_path),
        )
        if row.eagle_id and row.eagle_id == self.own_id:
            return row
        return replace(
            row,
            eagle_id="",
            eagle_aiff_id="",
            fingerprint="",
            soundcloud_id=self.number,
            duration_seconds=None,
            downloaded=False,
        )

    def _own(self, path: str) -> str:
        """The path; nothing for a file of one of the items, or a copy of it, which has its name."""
        stem, item_id = PurePath(path).stem, item_id_in(path)
        is_theirs = any(stem == item.name or item_id == item.id for item in self.others)
        return "" if is_theirs else path


def is_doubtful(connections: Connections, row: Track) -> bool:
    """True if SoundCloud is to be asked whether what the row names is its own."""
    return bool(_doubts(connections, row))


async def copied_in(connections: Connections, row: Track, through: Through) -> Copied | None:
    """What of the row is another song's; None if that cannot be told of a finished row.

    Where there is doubt it costs a request to SoundCloud, once on this machine, and another for an
    item without a number. An unfinished row of which SoundCloud says nothing is not joined to what
    comes from elsewhere. Raises ServiceAway.
    """
    doubts = _doubts(connections, row)
    if not doubts:
        return Copied()
    try:
        told = await through(lambda: _told(connections, source_of(row, connections.hosts)))
        others = [
            doubt.item
            for doubt in doubts
            if await through(partial(_is_other, connections, doubt.item, told))
        ]
    except SourceError as error:
        if row.downloaded:
            _log.info("   %s: %s (%s)", row.label, UNTOLD, error)
            return None
        told, others = SourceFacts(), [each.item for each in doubts if _tells_its_source(each.item)]
    return Copied(others, _own_id(connections, row, others), told.soundcloud_id)


def _own_id(connections: Connections, row: Track, others: Sequence[EagleItem]) -> str:
    index = connections.index
    item = index.get(row.eagle_id) if index else None
    return "" if item is None or item in others else item.id


def _doubts(connections: Connections, row: Track) -> Sequence[Doubt]:
    """A finished row is doubted only where the item's address or number is another's, too; no row,
    once SoundCloud has told that the number is the item's.
    """
    index = connections.index
    if (
        index is None
        or row.in_trash
        or row.is_duplicate
        or not (row.soundcloud_url or row.youtube_url)
    ):
        return ()
    named = (row.eagle_id, row.eagle_aiff_id, item_id_in(row.wav_path), item_id_in(row.aiff_path))
    items = [
        item
        for item in index.of_row(named, row.fingerprint)
        if item.url not in {row.soundcloud_url, row.youtube_url} - {""}
    ]
    if not items:
        return ()
    found = index.doubts(identity_of(row, connections.hosts), items)
    told = connections.told_tracks.of(address_key(row.soundcloud_url, connections.hosts))
    own = told.soundcloud_id if told else ""
    return [
        doubt
        for doubt in found
        if (doubt.is_against or not row.downloaded) and own not in doubt.item.soundcloud_ids
    ]


async def _told(connections: Connections, address: Address) -> SourceFacts:
    """What the source says of a track. Raises a SourceError."""
    address = await connections.source.resolve(address)
    told = connections.told_tracks.of(address.key)
    if told is None:
        told = await connections.source.probe(address)
        keep = not connections.settings.dry_run
        connections.told_tracks.note(address.key, told, keep=keep)
    return told


async def _is_other(connections: Connections, item: EagleItem, told: SourceFacts) -> bool:
    """By the numbers; by the lengths, where one of the two has none. A preview's tells nothing."""
    if told.soundcloud_id and (numbers := await _numbers(connections, item)):
        return told.soundcloud_id not in numbers
    ours, theirs = told.announced_seconds, item.duration
    if ours is None or theirs is None or has_preview_length(ours):
        return False
    return not is_length_right(ours, theirs)


async def _numbers(connections: Connections, item: EagleItem) -> frozenset[str]:
    """What the item tells of its upload's number, else what SoundCloud tells of its address."""
    if item.soundcloud_ids or not item.url:
        return item.soundcloud_ids
    try:
        address = parse_address(item.url, allowed_hosts=connections.hosts)
        if address.kind is not AddressKind.SOUNDCLOUD:
            return frozenset()
        told = await _told(connections, address)
    except SourceError as error:
        if error.is_away:
            raise
        return frozenset()
    return frozenset({told.soundcloud_id} - {""})


def _tells_its_source(item: EagleItem) -> bool:
    return bool(item.url or item.soundcloud_ids)
