"""What a row shows once its track is done, or has failed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flows.track.delivery import Held
from tasks.errors import SyncError
from tasks.notion.schema import Field, Schema
from tasks.notion.statuses import COMPLETE, CONVERTED, status_value
from tasks.tracks import Track


def success_values(schema: Schema, row: Track, track: Track, held: Held) -> Mapping[Field, Any]:
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
