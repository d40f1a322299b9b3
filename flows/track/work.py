"""The work on a row that is ours: plan it on the fresh row, do it, say what to write back."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from flows.rows.filtering import is_gone
from flows.session.opening import Session
from flows.track.delivery import Finished, Held, adopt, deliver, import_one, website
from flows.track.sound import listen, remember
from tasks.audio.inspecting import is_whole
from tasks.audio.names import file_stem
from tasks.audio.stage import make_aiff
from tasks.eagle.index import Match
from tasks.eagle.library import EagleLibrary
from tasks.eagle.records import EagleItem
from tasks.eagle.stage import look_again
from tasks.errors import SyncError
from tasks.facts import gather_facts, match_in, source_of
from tasks.locks.track_locks import HeldRow
from tasks.notion.schema import Field, Schema
from tasks.notion.statuses import COMPLETE, CONVERTED, status_value
from tasks.planning import Action, plan_track
from tasks.soundcloud.stage import Fetched, fetch_recording
from tasks.tracks import Track, TrackResult, TrackStatus

__all__ = ["Outcome", "failure_values", "work_on"]

_log = logging.getLogger("flows.track_work")


@dataclass(frozen=True)
class Outcome:
    """What became of the row, and the values to write into it (none: it is released as it is)."""

    result: TrackResult
    values: Mapping[Field, Any]


async def work_on(session: Session, lease: HeldRow, row: Track) -> Outcome:
    """Do what the row needs. Raises a SyncError for whatever went wrong."""
    match = await _match(session, row)
    hosts = session.settings.allowed_source_hosts
    facts = gather_facts(row, match, hosts, is_gone=is_gone(session, row))
    plan = plan_track(row, facts)
    _log.debug("%s: %s, because %s", row.label, plan.action, plan.reason)
    if plan.action.skipped_as is not None:
        return Outcome(_result(row, plan.action.skipped_as, Held(), plan.reason), {})
    if plan.action is Action.DOWNLOAD or match is None or session.eagle is None:
        track, held = await _download(session, lease, row)
    elif plan.action is Action.IMPORT_FILE:
        track, held = await _import_local(session, lease, row, Path(facts.local_wav or ""))
    else:
        track, held = await _adopt(session, session.eagle, lease, row, match, plan.action)
    result = _result(track, TrackStatus.PROCESSED, held, held.note or plan.reason)
    return Outcome(result, _success_values(session.schema, row, track, held))


async def _match(session: Session, row: Track) -> Match | None:
    """Eagle's items of the row. Where one is missing, Eagle is asked: others import as well."""
    hosts = session.settings.allowed_source_hosts
    match = match_in(session.index, row, hosts)
    if session.eagle is None or match is None or (match.wav and match.aiff):
        return match
    if address := website(session, row):
        await look_again(session.eagle, address)
    return match_in(session.index, row, hosts)


async def _download(session: Session, lease: HeldRow, row: Track) -> tuple[Track, Held]:
    with session.fresh_folder() as folder:
        fetched = await _fetch(session, row, folder)
        track = _completed(row, fetched)
        known = match_in(session.index, track, session.settings.allowed_source_hosts)
        return await _keep(session, lease, track, _finished(fetched), known)


async def _keep(
    session: Session, lease: HeldRow, track: Track, files: Finished, known: Match | None
) -> tuple[Track, Held]:
    """The finished files into the library, unless it has the recording by its PCM or its sound."""
    sound = await listen(session, track, files.wav, files.seconds)
    if (known is None or known.wav is None) and sound.match is not None:
        track = replace(track, fingerprint=sound.pcm_sha256)
        held = await _by_sound(session, lease, track, files, sound.match)
    else:
        held = await deliver(session, lease, track, files, known)
        await remember(session, sound, held.wav, files.pcm_sha256)
    return track, replace(held, note=sound.note)


async def _by_sound(
    session: Session, lease: HeldRow, track: Track, files: Finished, match: Match
) -> Held:
    """Eagle's own file is the one to copy and complete; ours, where that cannot be read here."""
    assert session.eagle is not None
    assert match.wav is not None
    if session.eagle.file_path(match.wav) is None:
        return await deliver(session, lease, track, files, match)
    _, held = await _adopt(session, session.eagle, lease, track, match, Action.COMPLETE_PAIR)
    return held


async def _fetch(session: Session, row: Track, folder: Path) -> Fetched:
    address = await session.source.resolve(source_of(row, session.settings.allowed_source_hosts))
    async with session.fetch_gate:
        with session.transfers.watch(row.page_id) as note:
            fetched: Fetched = await fetch_recording(
                session.source, address, folder, row, session.audio, session.limits, note
            )
    return fetched


def _completed(row: Track, fetched: Fetched) -> Track:
    """The row with what it lacked, from the source; what the user wrote stays."""
    return replace(
        row,
        title=row.title or fetched.title,
        artist=row.artist or fetched.artist,
        soundcloud_id=fetched.soundcloud_id or row.soundcloud_id,
        fingerprint=fetched.recording.pcm_sha256,
    )


def _finished(fetched: Fetched) -> Finished:
    made = fetched.recording
    return Finished(wav=made.wav, aiff=made.aiff, pcm_sha256=made.pcm_sha256, seconds=made.seconds)


async def _import_local(
    session: Session, lease: HeldRow, row: Track, wav: Path
) -> tuple[Track, Held]:
    """A WAV that lies here already: prove it, make its AIFF, import both.

    A file that is not whole is left where it is, and the recording is downloaded.
    """
    if not await asyncio.to_thread(is_whole, wav, row.duration_seconds):
        _log.info("%s: %s is not whole; downloading it again", row.label, wav)
        return await _download(session, lease, row)
    with session.fresh_folder() as folder:
        made = await make_aiff(wav, folder, file_stem(row.artist, row.title))
        files = Finished(wav=wav, aiff=made.aiff, pcm_sha256=made.pcm_sha256, seconds=made.seconds)
        track = replace(row, fingerprint=made.pcm_sha256)
        return track, await deliver(session, lease, track, files)


async def _adopt(
    session: Session,
    eagle: EagleLibrary,
    lease: HeldRow,
    row: Track,
    match: Match,
    action: Action,
) -> tuple[Track, Held]:
    """Eagle has the recording: take its items, and make the one of the two that is missing."""
    if match.wav is None:
        return await _download(session, lease, row)
    aiff = match.aiff
    if aiff is None and action is Action.COMPLETE_PAIR:
        aiff = await _aiff_for(session, eagle, lease, row, match.wav)
    lease.require_safe()
    return row, await adopt(session, eagle, row, match.wav, aiff)


async def _aiff_for(
    session: Session, eagle: EagleLibrary, lease: HeldRow, row: Track, wav: EagleItem
) -> EagleItem:
    """The AIFF from the WAV in Eagle's library, where that can be read from here.

    Else by downloading once more: then only the AIFF is imported.
    """
    file = eagle.file_path(wav)
    with session.fresh_folder() as folder:
        if file is not None:
            made = await make_aiff(file, folder, file_stem(row.artist, row.title))
        else:
            made = (await _fetch(session, row, folder)).recording
        return await import_one(session, lease, row, made.aiff, made.pcm_sha256)


def _success_values(schema: Schema, row: Track, track: Track, held: Held) -> Mapping[Field, Any]:
    """What a finished row shows; the user's own texts are filled in, never overwritten."""
    status = COMPLETE if held.wav else CONVERTED
    values: dict[Field, Any] = {
        Field.DOWNLOADED: True,
        Field.WAV_PATH: held.paths.wav,
        Field.AIFF_PATH: held.paths.aiff,
        Field.EAGLE_ID: held.wav.id if held.wav else None,
        Field.EAGLE_AIFF_ID: held.aiff.id if held.aiff else None,
        Field.SOUNDCLOUD_ID: track.soundcloud_id or None,
        Field.FINGERPRINT: track.fingerprint or None,
        Field.STATUS: status_value(schema, row.statuses, status),
        Field.TITLE: None if row.title else track.title or None,
        Field.ARTIST: None if row.artist else track.artist or None,
    }
    if row.duration_seconds is None and held.seconds:
        values[Field.DURATION] = round(held.seconds, 2)
    return {name: value for name, value in values.items() if value is not None}


def failure_values(schema: Schema, track: Track, error: SyncError) -> Mapping[Field, Any]:
    """What a failed row shows: the error's class in the status property."""
    value = status_value(schema, track.statuses, error.error_type.value, str(error))
    return {} if value is None else {Field.STATUS: value}


def _result(track: Track, status: TrackStatus, held: Held, reason: str) -> TrackResult:
    return TrackResult(
        page_id=track.page_id,
        title=track.title or "Untitled",
        artist=track.artist,
        status=status,
        file_paths=held.paths,
        eagle_item_id=held.wav.id if held.wav else None,
        eagle_aiff_item_id=held.aiff.id if held.aiff else None,
        duration_seconds=held.seconds or track.duration_seconds,
        bpm=track.bpm,
        key=track.key or None,
        fingerprint=track.fingerprint or None,
        page_url=track.page_url,
        source_url=track.soundcloud_url,
        action=reason,
    )
