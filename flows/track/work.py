"""The work on a row that is ours: plan it on the fresh row, do it, say what to write back."""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeAlias

from flows.rows.copied import UNTOLD
from flows.rows.filtering import plan_for
from flows.session.opening import Run
from flows.track.claimed_row import ClaimedRow
from flows.track.delivery import InLibrary, adopt, deliver, import_one, website
from flows.track.sound import Sound, listen, remember
from flows.track.source_trouble import require_readable
from tasks.audio.inspecting import is_whole
from tasks.audio.names import file_stem
from tasks.audio.recording import Recording
from tasks.audio.stage import make_aiff, make_pair
from tasks.eagle.index import Match
from tasks.eagle.records import EagleItem, told_by_item
from tasks.errors import SourceUnreadable
from tasks.facts import source_of
from tasks.planning import Action
from tasks.soundcloud.fetching import Fetched
from tasks.soundcloud.stage import fetch_recording
from tasks.tracks import Track, TrackResult, TrackStatus

_log = logging.getLogger("flows.track_work")

_Brought: TypeAlias = "tuple[Track, InLibrary]"
"""The track with what is known of it by now, and the recording as the library has it."""


@dataclass(frozen=True)
class Outcome:
    """What became of the row: `track` is it with what is known by now, `there` what the library has
    (None: nothing is written, the row is released as it is).
    """

    result: TrackResult
    track: Track
    there: InLibrary | None = None


async def work_on(row: ClaimedRow) -> Outcome:
    """Do what the row needs. Raises a SyncError for whatever went wrong."""
    connections = row.run.connections
    await row.follow_link()
    if not await row.know_copied():
        skipped = _result(row.track, TrackStatus.SKIPPED_ALREADY_DONE, InLibrary(), UNTOLD)
        return Outcome(skipped, row.track)
    track = row.track
    match = await _match(row)
    plan = plan_for(connections, track, match)
    _log.debug("%s: %s, because %s", track.label, plan.action, plan.reason)
    if plan.action.skipped_as is not None:
        return Outcome(_result(track, plan.action.skipped_as, InLibrary(), plan.reason), track)
    if plan.action is Action.DOWNLOAD or match is None:
        track, there = await _download(row)
    elif plan.action is Action.IMPORT_FILE:
        track, there = await _import_local(row, Path(plan.file))
    else:
        track, there = await _adopt(row, track, match, plan.action)
    result = _result(track, TrackStatus.PROCESSED, there, there.note or plan.done)
    return Outcome(result, track, there)


async def _match(row: ClaimedRow) -> Match | None:
    """Eagle's items of the track. Where one of the two is missing, Eagle is asked for it.

    Where both are, the look right before the import is soon enough (`Imports.there_already`).
    """
    connections = row.run.connections
    match, eagle = connections.match(row.track), connections.eagle
    if eagle is None or match is None or bool(match.wav) == bool(match.aiff):
        return match
    if address := website(connections, row.track):
        await row.run.pauses.through(lambda: eagle.catch_up(address))
    return connections.match(row.track)


async def _download(row: ClaimedRow) -> _Brought:
    connections = row.run.connections
    async with connections.fresh_folder(row.run.pauses.through) as folder:
        fetched = await _fetch(row.run, row.track, folder)
        track = _completed(row.track, fetched)
        proven = replace(track, duration_seconds=fetched.recording.seconds)
        known = connections.match(proven, is_id_told=bool(fetched.soundcloud_id))
        return await _into_library(row, track, fetched.recording, known)


async def _fetch(run: Run, track: Track, folder: Path) -> Fetched:
    try:
        return await run.pauses.through(lambda: _fetch_once(run, track, folder))
    except SourceUnreadable as error:
        await require_readable(run.connections, run.state, track, error)
        raise


async def _fetch_once(run: Run, track: Track, folder: Path) -> Fetched:
    connections = run.connections
    address = await connections.source.resolve(source_of(track, connections.hosts))
    early = run.state.head_start.fetching(track.page_id, address)
    async with run.gates.fetch:
        with run.state.transfers.watch(track.page_id) as note:
            fetched: Fetched = await fetch_recording(
                connections.equipment, address, folder, track, note, early.take if early else None
            )
    return fetched


def _completed(track: Track, fetched: Fetched) -> Track:
    """The track with what its row lacked, from the source; what the user wrote stays."""
    return replace(
        track,
        title=track.title or fetched.title,
        artist=track.artist or fetched.artist,
        soundcloud_id=fetched.soundcloud_id or track.soundcloud_id,
        fingerprint=fetched.recording.pcm_sha256,
    )


async def _into_library(
    row: ClaimedRow, track: Track, files: Recording, known: Match | None
) -> _Brought:
    """The finished files into the library, unless it has the recording by its PCM or its sound."""
    connections, state = row.run.connections, row.run.state
    sound = await listen(connections, state, track, files.wav, files.seconds)
    same = None if known and known.wav else await _same_by_sound(row, sound, files)
    if same is not None:
        track = replace(track, fingerprint=sound.pcm_sha256)
        there = await _adopt_by_sound(row, track, files, same)
    else:
        there = await deliver(row, track, files, known)
        if _is_new(there.wav, files):
            await remember(connections, state, sound, there.wav, files.pcm_sha256)
        else:
            track = replace(track, fingerprint=_hash_of(there.wav, sound))
    return track, replace(there, note=sound.note)


def _is_new(item: EagleItem | None, files: Recording) -> bool:
    """True if Eagle's item holds the finished files' own samples, or there is none."""
    return item is None or files.pcm_sha256 in item.fingerprints


def _hash_of(item: EagleItem | None, sound: Sound) -> str:
    """The hash of an adopted item's samples; "" where nobody has heard what it holds."""
    heard = sound.match.wav if sound.match else None
    return sound.pcm_sha256 if heard and item and heard.id == item.id else ""


async def _same_by_sound(row: ClaimedRow, sound: Sound, files: Recording) -> Match | None:
    """Eagle's items that sound like the files and are as long."""
    match, eagle = sound.match, row.run.connections.eagle
    if match is None or match.wav is None or eagle is None:
        return None
    return match if await eagle.holds_as_much(match.wav, files.wav) else None


async def _adopt_by_sound(
    row: ClaimedRow, track: Track, files: Recording, match: Match
) -> InLibrary:
    """Eagle's own file is the one to copy and complete; ours, where that cannot be read here."""
    assert match.wav is not None
    if row.eagle.file_path(match.wav) is None:
        return await deliver(row, track, files, match)
    _, there = await _adopt(row, track, match, Action.COMPLETE_PAIR)
    return there


async def _import_local(row: ClaimedRow, file: Path) -> _Brought:
    """A WAV or an AIFF that lies here already: prove it, make the other, import both.

    A file that is not whole is left where it is, and the recording is downloaded.
    """
    connections, track = row.run.connections, row.track
    if not await connections.decoders.run(is_whole, file, track.duration_seconds):
        _log.info("%s: %s is not whole; downloading it again", track.label, file)
        return await _download(row)
    async with connections.fresh_folder(row.run.pauses.through) as folder:
        if file.suffix.lower().startswith(".wav"):
            files = await _make_aiff(row.run, track, file, folder)
        else:
            stem = file_stem(track.artist, track.title)
            files = await make_pair(connections.decoders, file, folder, stem)
        track = replace(track, fingerprint=files.pcm_sha256)
        return track, await deliver(row, track, files)


async def _adopt(row: ClaimedRow, track: Track, match: Match, action: Action) -> _Brought:
    """Eagle has the recording: take its items, and make the one of the two that is missing."""
    if match.wav is None:
        return await _download(row)
    await row.look()
    aiff, file = match.aiff, row.eagle.file_path(match.wav)
    if aiff and file and not await row.eagle.holds_as_much(aiff, file):
        aiff, action = None, Action.COMPLETE_PAIR
    if aiff is None and action is Action.COMPLETE_PAIR:
        aiff = await _aiff_for(row, track, match.wav)
    track = told_by_item(track, match.wav)
    return track, await adopt(row, track, match.wav, aiff)


async def _aiff_for(row: ClaimedRow, track: Track, wav: EagleItem) -> EagleItem:
    """The AIFF from the WAV in Eagle's library, where that can be read from here.

    Else by downloading once more: then only the AIFF is imported.
    """
    connections = row.run.connections
    file = row.eagle.file_path(wav)
    async with connections.fresh_folder(row.run.pauses.through) as folder:
        if file is not None:
            made = await _make_aiff(row.run, track, file, folder)
        else:
            made = (await _fetch(row.run, track, folder)).recording
        return await import_one(row, track, made.aiff, made.pcm_sha256)


async def _make_aiff(run: Run, track: Track, wav: Path, folder: Path) -> Recording:
    decoders, stem = run.connections.decoders, file_stem(track.artist, track.title)
    made: Recording = await run.pauses.through(lambda: make_aiff(decoders, wav, folder, stem))
    return made


def _result(track: Track, status: TrackStatus, there: InLibrary, reason: str) -> TrackResult:
    return TrackResult.of(
        track,
        status,
        reason,
        file_paths=there.paths,
        eagle_item_id=there.wav.id if there.wav else None,
        eagle_aiff_item_id=there.aiff.id if there.aiff else None,
        duration_seconds=there.seconds or track.duration_seconds,
        bpm=track.bpm,
        key=track.key or None,
        fingerprint=track.fingerprint or None,
    )
