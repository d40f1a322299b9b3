"""What tells a recording from others, and what of an item agrees with it. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from tasks.dedupe.headings import artist_names, read_heading
from tasks.dedupe.matching import same_recording
from tasks.dedupe.titles import compact, fold, word_forms
from tasks.dedupe.versions import telling
from tasks.eagle.records import EagleItem


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordingIdentity:
    """What tells a recording from others, as far as it is known; empty where it is not.

    `url_keys` are canonical keys as the index's `key_of` makes them; `fingerprint` is 32 or 64 hex
    digits; `eagle_id` is the item that the row names. `is_id_told`: the number is SoundCloud's own
    answer, not what stands in the row.
    """

    url_keys: tuple[str, ...] = ()
    soundcloud_id: str = ""
    fingerprint: str = ""
    artist: str = ""
    title: str = ""
    duration_seconds: float | None = None
    eagle_id: str = ""
    is_id_told: bool = False


def is_other_upload(item: EagleItem, identity: RecordingIdentity) -> bool:
    """True if both name an upload by its number, and not the same."""
    ids = item.soundcloud_ids
    return bool(identity.soundcloud_id and ids and identity.soundcloud_id not in ids)


def has_name(item: EagleItem, identity: RecordingIdentity) -> bool:
    """True if artist and title agree, or the titles where one of the two tells no artist."""
    return has_artist_and_title(item, identity) or _has_title(item, identity)


def has_artist_and_title(item: EagleItem, identity: RecordingIdentity) -> bool:
    """True if the item has the artist, in its name or in a tag, and title and version agree."""
    wanted = artist_names(identity.artist)
    label = f"{identity.artist} - {identity.title}"
    named = {name for reading in read_heading(item.name).readings for name in reading.names}
    if wanted & named:
        return same_recording(label, item.name)
    return any(
        same_recording(label, f"{tag} - {item.name}")
        for tag in item.tags
        if compact(fold(tag)) in wanted or artist_names(tag) == wanted
    )


def has_title_words(item: EagleItem, identity: RecordingIdentity) -> bool:
    """True if the item's name has all telling words of a part of the title, as a version has."""
    there = {word for form in word_forms(fold(item.name)) for word in form}
    forms = [
        telling(words) or words
        for segment in read_heading(identity.title).segments
        for words in word_forms(segment.base)
    ]
    return any(words and there.issuperset(words) for words in forms)


def _has_title(item: EagleItem, identity: RecordingIdentity) -> bool:
    is_bare = not identity.artist or " - " not in item.name
    return is_bare and same_recording(identity.title, item.name)
