"""An item's picture after it was imported: drawn again, or set by hand."""

from __future__ import annotations

import shutil
from pathlib import Path

from sandbox.eagle.eagle import EagleApp
from sandbox.eagle.imports.probe import PREVIEWED_AUDIO, probe
from sandbox.eagle.imports.waveform import waveform_picture
from sandbox.eagle.wire import Record, js_number


def refresh_picture(eagle: EagleApp, item_id: str) -> None:
    """Read the item's file again and draw its waveform, where it is audio with a preview."""
    item = eagle.find(item_id)
    file = eagle.library.original(item.record) if item else None
    if item is None or file is None or not file.is_file():
        return
    found = _found_again(item.record, file)
    drawn = waveform_picture(file) if item.record["ext"] in PREVIEWED_AUDIO else None
    with eagle.lock:
        if drawn is not None:
            eagle.library.thumbnail(item.record).write_bytes(drawn)
        if (current := eagle.find(item_id)) is not None:
            eagle.replace_item(current.record | found)


def _found_again(record: Record, file: Path) -> Record:
    media = probe(file, record["ext"])
    known = {"width": media.width, "height": media.height}
    length = None if media.duration is None else js_number(round(media.duration, 6))
    found = known | {"duration": length, "size": file.stat().st_size}
    return {key: value for key, value in found.items() if value is not None}


def set_picture(eagle: EagleApp, item_id: str, picture: Path) -> None:
    """Make a copy of `picture` the item's thumbnail. Raises OSError if there is none."""
    with eagle.lock:
        record = eagle.library.items[item_id].record
        shutil.copyfile(picture, eagle.library.thumbnail(record))
        eagle.replace_item({k: v for k, v in record.items() if k != "noThumbnail"})
