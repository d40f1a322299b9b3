"""The library's items by everything that tells a recording: one look-up instead of a scan.

The order of `match` (docs/facts/audio.md, "Order of evidence"): id, address, hash, then the exact
name with a known and equal length. Fuzzy likeness decides nothing here. Items in the trash do not
count.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum

from tasks.audio.recording import LENGTH_TOLERANCE, is_length_right
from tasks.dedupe.headings import read_heading
from tasks.dedupe.titles import fold, word_forms
from tasks.dedupe.versions import telling
from tasks.eagle.addresses import KeyOf
from tasks.eagle.identity import (
    RecordingIdentity,
    has_artist_and_title,
    has_name,
    has_title_words,
    is_other_upload,
)
from tasks.eagle.records import EagleItem

_EXTENSIONS = {"wav": frozenset({"wav", "wave"}), "aiff": frozenset({"aiff", "aif"})}
_PREFIX = 32
_UPLOAD = "soundcloud.com/"
"""An address of this kind is one upload's; a short link or a number may lead to any."""


class MatchReason(StrEnum):
    """Why an item is taken for the recording, as a phrase for the user; the strongest first."""

    EAGLE_ID = "the row names it"
    SOUNDCLOUD_ID = "the same SoundCloud id"
    ADDRESS = "the same address"
    FINGERPRINT = "the same fingerprint"
    SOUND = "the same sound"
    NAME = "the same artist, title, version and length"


_STRONGEST_FIRST = tuple(MatchReason)


@dataclass(frozen=True, slots=True)
class Match:
    """The recording's WAV and AIFF in Eagle, and the strongest reason; all None if it has none.

    `other_length` are items of the same id, address or hash that are longer or shorter than the
    recording: a preview or a broken file, which nobody should adopt.
    """

    wav: EagleItem | None = None
    aiff: EagleItem | None = None
    reason: MatchReason | None = None
    other_length: tuple[EagleItem, ...] = ()


@dataclass(frozen=True, slots=True)
class Doubt:
    """An item that may be another song's; `is_against` if its address or number says so."""

    item: EagleItem
    is_against: bool


class EagleIndex:
    """Live items by id, address, SoundCloud id, fingerprint and words of the name.

    Not thread-safe. 250,000 items take about half a gigabyte (`bench.dedupe`).
    """

    def __init__(self, key_of: KeyOf) -> None:
        self._key_of = key_of
        self._items: dict[str, EagleItem] = {}
        self._trashed: set[str] = set()
        self._by_url: dict[str, list[str]] = {}
        self._by_soundcloud: dict[str, list[str]] = {}
        self._by_fingerprint: dict[str, list[str]] = {}
        self._places: list[str] = []
        self._by_word: dict[str, array[int]] = {}
        self._worded = 0

    @classmethod
    def of(cls, items: Iterable[EagleItem], key_of: KeyOf) -> EagleIndex:
        """The index of `items`, which may be a stream."""
        index = cls(key_of)
        for item in items:
            index.add(item)
        return index

    def __len__(self) -> int:
        return len(self._items)

    def __iter__(self) -> Iterator[EagleItem]:
        return iter(self._items.values())

    def add(self, item: EagleItem) -> None:
        """Take in a new item, or what is newly known of one; one in the trash is forgotten."""
        if item.is_deleted or not item.id:
            self._items.pop(item.id, None)
            self._trashed.add(item.id)
            return
        self._trashed.discard(item.id)
        if item.id not in self._items:
            self._places.append(item.id)
        self._items[item.id] = item
        if item.url and (key := self._key_of(item.url)):
            _note(self._by_url, key, item.id)
        for number in item.soundcloud_ids:
            _note(self._by_soundcloud, number, item.id)
        for fingerprint in item.fingerprints:
            _note(self._by_fingerprint, fingerprint[:_PREFIX], item.id)

    def get(self, item_id: str) -> EagleItem | None:
        """The live item `item_id`."""
        return self._items.get(item_id)

    def note_trashed(self, item_ids: Iterable[str]) -> None:
        """Learn which items lie in Eagle's trash."""
        self._trashed.update(item_ids)

    def is_trashed(self, item_id: str) -> bool:
        """True if the item is known to lie in Eagle's trash."""
        return item_id in self._trashed

    def find(
        self, *, url_key: str = "", soundcloud_id: str = "", fingerprint: str = "", ext: str = ""
    ) -> list[EagleItem]:
        """Live items that have any of what is given, oldest first; of one extension if given."""
        ids = [
            *(self._by_url.get(url_key, ()) if url_key else ()),
            *(self._by_soundcloud.get(soundcloud_id, ()) if soundcloud_id else ()),
        ]
        found = {item_id: self._items[item_id] for item_id in ids if item_id in self._items}
        if fingerprint:
            found |= {item.id: item for item in self._of_fingerprint(fingerprint)}
        wanted = _EXTENSIONS.get(ext, frozenset({ext}))
        return sorted((i for i in found.values() if not ext or i.ext in wanted), key=_age)

    def match(self, identity: RecordingIdentity) -> Match:
        """The recording's items, for each of the two files by the strongest reason it has."""
        tiers: list[tuple[MatchReason, list[EagleItem]]] = []
        others: list[EagleItem] = []
        for reason, items in self._exact_tiers(identity):
            refused = [item for item in items if self._has_other_length(item, identity, reason)]
            others += refused
            tiers.append((reason, [item for item in items if item not in refused]))
        wav, aiff = _first(tiers, "wav"), _first(tiers, "aiff")
        if wav is None or aiff is None:
            named = self._named(identity)
            wav = wav or _first([(MatchReason.NAME, named)], "wav")
            aiff = aiff or _first([(MatchReason.NAME, named)], "aiff")
            aiff = aiff or self._companion(identity, wav)
        reasons = [found[0] for found in (wav, aiff) if found]
        strongest = min(reasons, key=_STRONGEST_FIRST.index, default=None)
        return Match(
            wav and wav[1], aiff and aiff[1], strongest, tuple({i.id: i for i in others}.values())
        )

    def _exact_tiers(
        self, identity: RecordingIdentity
    ) -> Iterator[tuple[MatchReason, list[EagleItem]]]:
        named = self._items.get(identity.eagle_id)
        yield MatchReason.EAGLE_ID, [named] if named else []
        of_id = self.find(soundcloud_id=identity.soundcloud_id)
        yield MatchReason.SOUNDCLOUD_ID, [i for i in of_id if not self._is_other_song(i, identity)]
        by_address = {i.id: i for key in identity.url_keys for i in self.find(url_key=key)}
        yield (
            MatchReason.ADDRESS,
            [i for i in by_address.values() if not is_other_upload(i, identity)],
        )
        yield MatchReason.FINGERPRINT, sorted(self._of_fingerprint(identity.fingerprint), key=_age)

    def _of_fingerprint(self, fingerprint: str) -> Iterator[EagleItem]:
        wanted = fingerprint.lower()
        if len(wanted) < _PREFIX:
            return
        for item_id in self._by_fingerprint.get(wanted[:_PREFIX], ()):
            item = self._items.get(item_id)
            if item is not None and any(_same_hash(wanted, has) for has in item.fingerprints):
                yield item

    @staticmethod
    def _has_other_length(
        item: EagleItem, identity: RecordingIdentity, reason: MatchReason
    ) -> bool:
        known, wanted = item.duration, identity.duration_seconds
        if reason is MatchReason.EAGLE_ID or not known or not wanted:
            return False
        return not is_length_right(known, wanted)

    def of_row(self, item_ids: Iterable[str], fingerprint: str) -> list[EagleItem]:
        """The live items of these ids, and those of the hash, which the row alone may tell."""
        of_ids = [self._items[item_id] for item_id in item_ids if item_id in self._items]
        items = {item.id: item for item in (*of_ids, *self._of_fingerprint(fingerprint))}
        return list(items.values())

    def doubts(self, identity: RecordingIdentity, items: Iterable[EagleItem]) -> list[Doubt]:
        """Those of the items whose address and name both are not the recording's. Where nothing but
        the name speaks against it, another version counts as named: its owner may have chosen it.
        """
        found = []
        for item in items:
            is_against = self._has_other_address(item, identity) or is_other_upload(item, identity)
            has_address = bool(item.url) and self._key_of(item.url) in identity.url_keys
            is_version = not is_against and has_title_words(item, identity)
            if not (has_address or is_version or has_name(item, identity)):
                found.append(Doubt(item, is_against))
        return found

    def _named(self, identity: RecordingIdentity) -> list[EagleItem]:
        """Items of the same artist, title and version whose known length is the recording's."""
        length = identity.duration_seconds
        if not length or not identity.artist or not identity.title:
            return []
        near = [
            item
            for item in self._with_words(identity.title)
            if item.duration and is_length_right(item.duration, length)
        ]
        return sorted((i for i in near if self._may_be_named(i, identity)), key=_age)

    def _may_be_named(self, item: EagleItem, identity: RecordingIdentity) -> bool:
        """True if the name says so and nothing else speaks against it: two uploads may have one
        name and one length, and only their sound tells whether they are one recording.
        """
        if is_other_upload(item, identity) or not has_artist_and_title(item, identity):
            return False
        same_id = identity.soundcloud_id in item.soundcloud_ids
        return same_id or not self._has_other_address(item, identity)

    def _is_other_song(self, item: EagleItem, identity: RecordingIdentity) -> bool:
        """True if address and name both speak against a number that only the row tells: a row that
        was copied for another song has its first song's. What is refused here is downloaded, and
        then SoundCloud's own number decides.
        """
        return (
            not identity.is_id_told
            and self._has_other_address(item, identity)
            and not has_name(item, identity)
        )

    def _has_other_address(self, item: EagleItem, identity: RecordingIdentity) -> bool:
        key = self._key_of(item.url) if item.url else ""
        theirs = {each for each in identity.url_keys if each.startswith(_UPLOAD)}
        return key.startswith(_UPLOAD) and bool(theirs) and key not in theirs

    def _companion(
        self, identity: RecordingIdentity, wav: tuple[MatchReason, EagleItem] | None
    ) -> tuple[MatchReason, EagleItem] | None:
        """The AIFF beside a found WAV: Eagle knows no length of AIFF, but its size tells it."""
        if wav is None or not wav[1].duration or not identity.artist or not identity.title:
            return None
        rate = wav[1].size / wav[1].duration
        near = [
            item
            for item in self._with_words(identity.title)
            if item.ext in _EXTENSIONS["aiff"]
            and item.duration is None
            and abs(item.size - wav[1].size) <= LENGTH_TOLERANCE * rate
            and self._may_be_named(item, identity)
        ]
        return (MatchReason.NAME, min(near, key=_age)) if near and rate else None

    def _with_words(self, title: str) -> Iterator[EagleItem]:
        """Items whose name has all telling words of a part of the title, however written."""
        self._index_words()
        found: set[int] = set()
        for segment in read_heading(title).segments:
            for words in word_forms(segment.base):
                postings = [self._by_word.get(word) for word in telling(words) or words]
                if all(postings):
                    rows = sorted((row for row in postings if row), key=len)
                    found |= set(rows[0]).intersection(*rows[1:])
        for place in sorted(found):
            item = self._items.get(self._places[place])
            if item is not None:
                yield item

    def _index_words(self) -> None:
        """Bring the word index up to date; it is built by the first look-up that needs it."""
        for place in range(self._worded, len(self._places)):
            item = self._items.get(self._places[place])
            if item is None:
                continue
            for word in {word for form in word_forms(fold(item.name)) for word in form}:
                self._by_word.setdefault(word, array("I")).append(place)
        self._worded = len(self._places)


def _note(index: dict[str, list[str]], key: str, item_id: str) -> None:
    ids = index.setdefault(key, [])
    if item_id not in ids:
        ids.append(item_id)


def _first(
    tiers: Iterable[tuple[MatchReason, list[EagleItem]]], kind: str
) -> tuple[MatchReason, EagleItem] | None:
    for reason, items in tiers:
        for item in items:
            if item.ext in _EXTENSIONS[kind]:
                return reason, item
    return None


def _age(item: EagleItem) -> tuple[int, str]:
    return item.modification_time, item.id


def _same_hash(one: str, other: str) -> bool:
    """Old items carry the first 32 digits of the 64 (docs/facts/audio.md, "Order of evidence")."""
    shorter = min(len(one), len(other))
    return one[:shorter] == other[:shorter]
