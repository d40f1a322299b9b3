"""What a row shows once its track is done, or has failed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flows.track.delivery import Held
from tasks.errors import SyncError
from tasks.facts import is_file
from tasks.notion.properties import Field
from tasks.notion.schema import Schema
from tasks.notion.statuses import COMPLETE, CONVERTED, status_value
from tasks.tracks import Track


def success_values(
    schema: Schema, claimed: Track, now: Track, learnt: Track, held: Held
) -> Mapping[Field, Any]:
    """What a finished row shows, from the row as it was `claimed` and as it is `now`.

    Empty fields are filled; what a person wrote before or meanwhile stays, and so does a path
    whose file exists. Labels of others stay beside ours.
    """
    brought: dict[Field, Any] = {
        Field.WAV_PATH: held.paths.wav,
        Field.AIFF_PATH: held.paths.aiff,
        Field.EAGLE_ID: held.wav.id if held.wav else None,
        Field.EAGLE_AIFF_ID: held.aiff.id if held.aiff else None,
        Field.SOUNDCLOUD_ID: learnt.soundcloud_id,
        Field.FINGERPRINT: learnt.fingerprint,
        Field.TITLE: learnt.title,
        Field.ARTIST: learnt.artist,
        Field.DURATION: round(held.seconds, 2) if held.seconds else None,
    }
    values = {
        field: value for field, value in brought.items() if value and _may_set(field, claimed, now)
    }
    status = status_value(schema, now.statuses, COMPLETE if held.wav else CONVERTED)
    values |= {} if status is None else {Field.STATUS: status}
    return {Field.DOWNLOADED: True, **values}


def _may_set(field: Field, claimed: Track, now: Track) -> bool:
    """True if the field is empty, or holds what nobody but us has written there."""
    there = getattr(now, field.value)
    if not there:
        return True
    if field in _TEXTS_OF_THE_USER or there != getattr(claimed, field.value):
        return False
    return field not in _PATHS or not is_file(there)


_TEXTS_OF_THE_USER = {Field.TITLE, Field.ARTIST, Field.DURATION}
_PATHS = {Field.WAV_PATH, Field.AIFF_PATH}


def failure_values(schema: Schema, track: Track, error: SyncError) -> Mapping[Field, Any]:
    """What a failed row shows: the error's class in the status property."""
    value = status_value(schema, track.statuses, error.error_type.value, str(error))
    return {} if value is None else {Field.STATUS: value}
