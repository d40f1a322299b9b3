"""Recordings recognised by their sound, where Chromaprint's `fpcalc` is installed.

Another upload of a recording that Eagle holds differs in every byte and sounds the same: its item
is adopted, not imported again. The same music with another length is another edit: it is only
said (docs/facts/audio.md, "Fingerprints").
"""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass
from pathlib import Path

from flows.session.connections import Connections
from flows.session.run_state import RunState
from tasks.audio.acoustic import Heard, Likeness
from tasks.audio.fingerprint import AcousticFingerprint
from tasks.audio.stage import take_fingerprint
from tasks.dedupe.matching import same_version
from tasks.eagle.index import EagleIndex, Match, MatchReason
from tasks.eagle.records import EagleItem
from tasks.errors import SyncError
from tasks.tracks import Track

_log = logging.getLogger("flows.sounds")

_SAID = (
    "Some tracks have the same music as an item in Eagle, and another length or version; the "
    "report says which."
)


@dataclass(frozen=True)
class Sound:
    """How a recording sounds, and what that says: `match` are items to adopt (`pcm_sha256` the
    hash of theirs), `note` a remark for the user.
    """

    fingerprint: AcousticFingerprint | None = None
    match: Match | None = None
    pcm_sha256: str = ""
    note: str = ""


async def listen(
    connections: Connections, state: RunState, track: Track, wav: Path, seconds: float
) -> Sound:
    """What the new file's sound shows. Never raises: without a fingerprint nothing changes."""
    if connections.index is None or connections.fpcalc is None:
        return Sound()
    try:
        fingerprint = await take_fingerprint(wav, seconds, connections.fpcalc)
        alike = await asyncio.to_thread(connections.sounds.like, fingerprint)
    except SyncError as error:
        _log.debug("%s: no acoustic fingerprint: %s", track.label, error)
        state.warn("Some tracks were not compared by their sound; --debug says why.")
        return Sound()
    return _judged(state, connections.index, track, fingerprint, alike)


async def remember(
    connections: Connections, state: RunState, sound: Sound, item: EagleItem | None, pcm: str
) -> None:
    """Keep how an item of Eagle's sounds, for the recordings that come after it."""
    if sound.fingerprint is None or sound.match is not None or item is None:
        return
    heard = Heard(eagle_id=item.id, pcm_sha256=pcm, fingerprint=sound.fingerprint)
    try:
        await asyncio.to_thread(connections.sounds.add, heard)
    except SyncError as error:
        state.warn(f"Acoustic fingerprints are not kept: {error}")


def _judged(
    state: RunState,
    index: EagleIndex,
    track: Track,
    fingerprint: AcousticFingerprint,
    alike: list[Likeness],
) -> Sound:
    """The first recording that Eagle still holds decides; a fingerprint without item is stale."""
    for likeness in alike:
        match = _items(index, likeness.heard)
        if match.wav is None:
            continue
        name = f"{match.wav.name} ({match.wav.id})"
        if likeness.is_same and same_version(track.label, match.wav.name):
            note = f"Eagle has this recording already, by its sound: {name}"
            return Sound(fingerprint, match, likeness.heard.pcm_sha256, note)
        state.warn(_SAID)
        note = f"the same music as {name}, {_difference(likeness, fingerprint)}; both are kept"
        return Sound(fingerprint, note=note)
    return Sound(fingerprint)


def _items(index: EagleIndex, heard: Heard) -> Match:
    """The live items of a recording: the one that was heard, or others of the same PCM."""
    same = {ext: index.find(fingerprint=heard.pcm_sha256, ext=ext) for ext in ("wav", "aiff")}
    wav = index.get(heard.eagle_id) or next(iter(same["wav"]), None)
    aiff = next(iter(same["aiff"]), None)
    return Match(wav, aiff if wav else None, MatchReason.SOUND if wav else None)


def _difference(likeness: Likeness, fingerprint: AcousticFingerprint) -> str:
    """Why it is not the same recording."""
    seconds = likeness.heard.fingerprint.seconds
    if abs(seconds - fingerprint.seconds) > 1:
        return f"{fingerprint.seconds:.0f} s long instead of {seconds:.0f} s"
    return "with another beginning" if not likeness.is_same else "by its title another version"
