"""The record of a new item, its keys in the order Eagle writes them.

Source: docs/facts/eagle.md, "Records".
"""

from __future__ import annotations

from dataclasses import dataclass

from sandbox.eagle.imports.probe import PREVIEWED_AUDIO, Media
from sandbox.eagle.wire import Record, js_number


@dataclass(frozen=True, slots=True)
class ItemFields:
    """What a caller said about an item to be added. `modification_time` in ms, None for now."""

    name: str
    tags: tuple[str, ...] = ()
    folders: tuple[str, ...] = ()
    url: str = ""
    annotation: str = ""
    modification_time: int | None = None


@dataclass(frozen=True, slots=True)
class FileFacts:
    """What the item's file is: bytes, times in ms, and what `probe` found in it."""

    ext: str
    size: int
    born: int
    modified: int
    media: Media
    has_thumbnail: bool


def new_record(item_id: str, fields: ItemFields, file: FileFacts, now: int) -> Record:
    """The record of the new item `item_id`, added at `now` (ms)."""
    record: Record = {"id": item_id, "name": fields.name, "size": file.size}
    record |= {"btime": file.born, "mtime": file.modified, "ext": file.ext}
    record |= {"tags": list(fields.tags), "folders": list(fields.folders), "isDeleted": False}
    record |= {"url": fields.url, "annotation": fields.annotation}
    record["modificationTime"] = fields.modification_time or now
    return record | _picture_keys(file) | {"lastModified": now}


def _picture_keys(file: FileFacts) -> Record:
    media, keys = file.media, Record()
    if media.width and media.height:
        wide_first = file.ext in PREVIEWED_AUDIO or file.ext == "webp"
        size: Record = {"width": media.width, "height": media.height}
        keys |= size if wide_first else dict(reversed(size.items()))
    if media.duration is not None:
        keys["duration"] = js_number(round(media.duration, 6))
    if file.ext not in PREVIEWED_AUDIO and not file.has_thumbnail and media.width:
        keys["noThumbnail"] = True
    if not media.width:
        keys["noPreview"] = True
    return keys
