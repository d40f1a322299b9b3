"""The facts a row is judged by: its address, its files on this machine, its items in Eagle."""

from __future__ import annotations

import os
import time
from pathlib import Path

from tasks.dedupe.groups import RowKeys
from tasks.eagle.identity import RecordingIdentity, has_name
from tasks.eagle.index import EagleIndex, Match
from tasks.eagle.records import EagleItem
from tasks.errors import BadAddress
from tasks.planning import Facts
from tasks.soundcloud.address import TRACK_KEY, Address, parse_address
from tasks.tracks import Track

_DAY_MILLISECONDS = 24 * 3600 * 1000
_WHOLE = {"wav", "wave", "aif", "aiff"}


def source_of(track: Track, allowed_hosts: frozenset[str]) -> Address:
    """Where the recording is downloaded from: SoundCloud, else YouTube as it is.

    Raises BadAddress with the reason: no address at all, only Spotify, or one that is no track.
    """
    for text in (track.soundcloud_url, track.youtube_url):
        if text:
            return parse_address(text, allowed_hosts=allowed_hosts)
    if track.spotify_url or track.spotify_id:
        raise BadAddress(
            "The row has only a Spotify address; Spotify's audio is protected.",
            remedy="Find the track on SoundCloud and put its address into the row.",
        )
    raise BadAddress(
        "The row has no address to download from.",
        remedy="Put the track's address into SoundCloud URL.",
    )


def address_key(text: str, allowed_hosts: frozenset[str]) -> str:
    """The canonical key of an address, as the Eagle index compares it; "" if it names no track."""
    if not text:
        return ""
    try:
        return parse_address(text, allowed_hosts=allowed_hosts).key
    except BadAddress:
        return ""


def keys_of(track: Track, allowed_hosts: frozenset[str]) -> tuple[str, ...]:
    """The row's exact keys: its SoundCloud id, its canonical addresses."""
    numbers = {identity_of(track, allowed_hosts).soundcloud_id} - {""}
    keys = {address_key(url, allowed_hosts) for url in (track.soundcloud_url, track.youtube_url)}
    return (*sorted(keys - {""}), *(f"{TRACK_KEY}{number}" for number in numbers))


def row_keys(track: Track, allowed_hosts: frozenset[str]) -> RowKeys:
    """The same, addresses and number apart: what a merge compares."""
    number = identity_of(track, allowed_hosts).soundcloud_id
    keys = {address_key(url, allowed_hosts) for url in (track.soundcloud_url, track.youtube_url)}
    addresses = {key for key in keys if key and not key.startswith(TRACK_KEY)}
    return RowKeys(frozenset(addresses), number)


def soundcloud_path(track: Track, allowed_hosts: frozenset[str]) -> str:
    """`artist/title` of the row's SoundCloud address, "" if it has none of that form."""
    try:
        address = parse_address(track.soundcloud_url, allowed_hosts=allowed_hosts)
    except BadAddress:
        return ""
    host, _, path = address.key.partition("/")
    return path if host == "soundcloud.com" else ""


def identity_of(track: Track, allowed_hosts: frozenset[str]) -> RecordingIdentity:
    """What tells this recording from others, as far as the row knows it."""
    keys = [address_key(text, allowed_hosts) for text in (track.soundcloud_url, track.youtube_url)]
    numbers = [key.removeprefix(TRACK_KEY) for key in keys if key.startswith(TRACK_KEY)]
    return RecordingIdentity(
        url_keys=tuple(key for key in (*keys, track.spotify_url) if key),
        soundcloud_id=track.soundcloud_id or next(iter(numbers), ""),
        fingerprint=track.fingerprint,
        artist=track.artist,
        title=track.title,
        duration_seconds=track.duration_seconds,
        eagle_id=track.eagle_id,
    )


def gather_facts(
    track: Track,
    match: Match | None,
    allowed_hosts: frozenset[str],
    *,
    is_gone: bool,
    index: EagleIndex | None = None,
) -> Facts:
    """The facts `plan_track` decides from; looks at the disk for the row's own paths."""
    problem = ""
    try:
        source_of(track, allowed_hosts)
    except BadAddress as error:
        problem = str(error)
    is_there = match is not None and (match.wav or match.aiff)
    others = [] if is_there else items_of_other_formats(index, track, allowed_hosts)
    return Facts(
        eagle_enabled=match is not None,
        eagle_wav=match.wav.id if match and match.wav else None,
        eagle_aiff=match.aiff.id if match and match.aiff else None,
        wav_is_recent=bool(match and match.wav and _is_recent(match.wav)),
        match_reason=str(match.reason) if match and match.reason else "",
        local_wav=_local(track.wav_path, index, track),
        local_aiff=_local(track.aiff_path, index, track),
        is_gone=is_gone,
        is_trashed=index is not None and index.is_trashed(track.eagle_id),
        eagle_other=others[0].ext.upper() if others else "",
        has_source=not problem,
        source_problem=problem,
    )


def _local(path: str, index: EagleIndex | None, track: Track) -> str | None:
    """The path, if its file is here. One in Eagle's trash counts under the row's own name alone: a
    row that was copied for another song may have its path still, and the item tells no more.
    """
    if not is_file(path):
        return None
    if index is None or not index.is_trashed(item_id_in(path)):
        return path
    there = EagleItem(id="", name=Path(path).stem, ext="")
    identity = RecordingIdentity(artist=track.artist, title=track.title)
    return path if has_name(there, identity) else None


def items_of_other_formats(
    index: EagleIndex | None, track: Track, allowed_hosts: frozenset[str]
) -> list[EagleItem]:
    """Items at the row's address that are neither a WAV nor an AIFF."""
    if index is None:
        return []
    keys = identity_of(track, allowed_hosts).url_keys
    found = (item for key in keys for item in index.find(url_key=key))
    return [item for item in found if item.ext not in _WHOLE]


def _is_recent(item: EagleItem) -> bool:
    return time.time() * 1000 - item.modification_time < _DAY_MILLISECONDS


def is_file(path: str) -> bool:
    """True if the path names a file that this machine sees."""
    return bool(path) and os.path.isfile(path)  # noqa: PTH113  (a Path costs more than the look at the disk)


def is_current(path: str, index: EagleIndex | None) -> bool:
    """True if the path names a file of this machine that does not lie in Eagle's trash, where it
    stays until that is emptied.
    """
    if not is_file(path):
        return False
    return index is None or not index.is_trashed(item_id_in(path))


def item_id_in(path: str) -> str:
    """The id of Eagle's item whose file it is; what names no item for any other path."""
    parts = path.replace("\\", "/").rsplit("/", 2)
    return parts[-2].removesuffix(".info") if len(parts) > 1 else ""
