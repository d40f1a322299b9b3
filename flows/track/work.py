"""The work on a row that is ours: plan it on the fresh row, do it, say what to write back."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeAlias

from flows.rows.filtering import is_gone
from flows.session.opening import Run
from flows.track.delivery import Finished, Held, adopt, deliver, import_one, website
from flows.track.row_values import success_values
from flows.track.sound import listen, remember
from tasks.audio.inspecting import is_whole
from tasks.audio.names import file_stem
from tasks.audio.stage import make_aiff
from tasks.eagle.index import Match
from tasks.eagle.records import EagleItem
from tasks.eagle.stage import look_again
from tasks.facts import gather_facts, match_in, source_of
from tasks.locks.track_locks import HeldRow
from tasks.notion.schema import Field
from tasks.planning import Action, plan_track
from tasks.soundcloud.stage import Fetched, fetch_recording
from tasks.tracks import Track, TrackResult, TrackStatus

_log = logging.getLogger("flows.track_work")

_Brought: TypeAlias = "tuple[Track, Held]"
"""The track with what was learnt of it, and the recording as the library holds it now."""


@dataclass(frozen=True)
class Outcome:
    """What became of the row, and the values to write into it (none: it is released as it is)."""

    result: TrackResult
    values: Mapping[Field, Any]


async def work_on(run: Run, lease: HeldRow, row: Track) -> Outcome:
    """Do what the row needs. Raises a SyncError for whatever went wrong."""
    connections = run.connections
    match = await _match(run, row)
    hosts = connections.settings.allowed_source_hosts
    facts = gather_facts(row, match, hosts, is_gone=is_gone(connections, row))
    plan = plan_track(row, facts)
    _log.debug("%s: %s, because %s", row.label, plan.action, plan.reason)
    if plan.action.skipped_as is not None:
        return Outcome(_result(row, plan.action.skipped_as, Held(), plan.reason), {})
    if plan.action is Action.DOWNLOAD or match is None:
        track, held = await _download(run, lease, row)
    elif plan.action is Action.IMPORT_FILE:
        track, held = await _import_local(run, lease, row, Path(facts.local_wav or ""))
    else:
        track, held = await _adopt(run, lease, row, match, plan.action)
    result = _result(track, TrackStatus.PROCESSED, held, held.note or plan.reason)
    return Outcome(result, success_values(connections.schema, row, track, held))


async def _match(run: Run, row: Track) -> Match | None:
    """Eagle's items of the row. Where one is missing, Eagle is asked: others import as well."""
    connections = run.connections
    hosts = connections.settings.allowed_source_hosts
    match = match_in(connections.index, row, hosts)
    if connections.eagle is None or match is None or (match.wav and match.aiff):
        return match
    if address := website(connections, row):
        await look_again(connections.eagle, address)
    return match_in(connections.index, row, hosts)


async def _download(run: Run, lease: HeldRow, row: Track) -> _Brought:
    with run.connections.fresh_folder() as folder:
        fetched = await _fetch(run, row, folder)
        track = _completed(row, fetched)
        hosts = run.connections.settings.allowed_source_hosts
        known = match_in(run.connections.index, track, hosts)
        return await _keep(run, lease, track, _finished(fetched), known)


async def _fetch(run: Run, row: Track, folder: Path) -> Fetched:
    connections = run.connections
    address = source_of(row, connections.settings.allowed_source_hosts)
    address = await connections.source.resolve(address)
    async with run.gates.fetch:
        with run.state.transfers.watch(row.page_id) as note:
            fetched: Fetched = await fetch_recording(
                connections.equipment, address, folder, row, note
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


async def _keep(
    run: Run, lease: HeldRow, track: Track, files: Finished, known: Match | None
) -> _Brought:
    """The finished files into the library, unless it has the recording by its PCM or its sound."""
    connections, state = run.connections, run.state
    sound = await listen(connections, state, track, files.wav, files.seconds)
    if (known is None or known.wav is None) and sound.match is not None:
        track = replace(track, fingerprint=sound.pcm_sha256)
        held = await _by_sound(run, lease, track, files, sound.match)
    else:
        held = await deliver(connections, lease, track, files, known)
        await remember(connections, state, sound, held.wav, files.pcm_sha256)
    return track, replace(held, note=sound.note)


async def _by_sound(run: Run, lease: HeldRow, track: Track, files: Finished, match: Match) -> Held:
    """Eagle's own file is the one to copy and complete; ours, where that cannot be read here."""
    eagle = run.connections.eagle
    assert eagle is not None
    assert match.wav is not None
    if eagle.file_path(match.wav) is None:
        return await deliver(run.connections, lease, track, files, match)
    _, held = await _adopt(run, lease, track, match, Action.COMPLETE_PAIR)
    return held


async def _import_local(run: Run, lease: HeldRow, row: Track, wav: Path) -> _Brought:
    """A WAV that lies here already: prove it, make its AIFF, import both.

    A file that is not whole is left where it is, and the recording is downloaded.
    """
    if not await run.connections.decoders.run(is_whole, wav, row.duration_seconds):
        _log.info("%s: %s is not whole; downloading it again", row.label, wav)
        return await _download(run, lease, row)
    with run.connections.fresh_folder() as folder:
        made = await make_aiff(
            run.connections.decoders, wav, folder, file_stem(row.artist, row.title)
        )
        files = Finished(wav=wav, aiff=made.aiff, pcm_sha256=made.pcm_sha256, seconds=made.seconds)
        track = replace(row, fingerprint=made.pcm_sha256)
        return track, await deliver(run.connections, lease, track, files)


async def _adopt(run: Run, lease: HeldRow, row: Track, match: Match, action: Action) -> _Brought:
    """Eagle has the recording: take its items, and make the one of the two that is missing."""
    eagle = run.connections.eagle
    assert eagle is not None
    if match.wav is None:
        return await _download(run, lease, row)
    aiff = match.aiff
    if aiff is None and action is Action.COMPLETE_PAIR:
        aiff = await _aiff_for(run, lease, row, match.wav)
    lease.require_safe()
    return row, await adopt(run.connections, eagle, row, match.wav, aiff)


async def _aiff_for(run: Run, lease: HeldRow, row: Track, wav: EagleItem) -> EagleItem:
    """The AIFF from the WAV in Eagle's library, where that can be read from here.

    Else by downloading once more: then only the AIFF is imported.
    """
    eagle = run.connections.eagle
    assert eagle is not None
    file = eagle.file_path(wav)
    with run.connections.fresh_folder() as folder:
        if file is not None:
            made = await make_aiff(
                run.connections.decoders, file, folder, file_stem(row.artist, row.title)
            )
        else:
            made = (await _fetch(run, row, folder)).recording
        return await import_one(run.connections, lease, row, made.aiff, made.pcm_sha256)


def _result(track: Track, status: TrackStatus, held: Held, reason: str) -> TrackResult:
    return TrackResult.of(
        track,
        status,
        reason,
        file_paths=held.paths,
        eagle_item_id=held.wav.id if held.wav else None,
        eagle_aiff_item_id=held.aiff.id if held.aiff else None,
        duration_seconds=held.seconds or track.duration_seconds,
        bpm=track.bpm,
        key=track.key or None,
        fingerprint=track.fingerprint or None,
    )
