"""Bringing one item into a library: file, picture, record.

Source: docs/facts/eagle.md, "Imports" and "Records".
"""

from __future__ import annotations

import shutil
from dataclasses import dataclass, replace
from pathlib import Path

from sandbox.eagle.disk.library import Library
from sandbox.eagle.imports.probe import AUDIO_PICTURE, PREVIEWED_AUDIO, Media, probe
from sandbox.eagle.imports.records import FileFacts, ItemFields, new_record
from sandbox.eagle.imports.sources import BytesSource, PathSource, Source
from sandbox.eagle.imports.waveform import waveform_picture
from sandbox.eagle.wire import Record


@dataclass(frozen=True, slots=True)
class Import:
    """One item on its way into the library."""

    item_id: str
    source: Source
    fields: ItemFields


def bring_in(job: Import, library: Library, now: int, *, picture: bool) -> Record:
    """Put the files of `job` into the library's folder for it and return the item's record.

    The record itself is not written yet. With `picture`, audio gets its waveform. Raises
    ImportRefused or OSError; then nothing of the item is left behind.
    """
    folder = library.item_folder(job.item_id)
    folder.mkdir()
    try:
        return _place(job, folder, now, picture=picture)
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise


def _place(job: Import, folder: Path, now: int, *, picture: bool) -> Record:
    arriving = folder / "arriving"
    ext = job.source.place(arriving)
    original = arriving.rename(folder / (f"{job.fields.name}.{ext}" if ext else job.fields.name))
    thumbnail = folder / f"{job.fields.name}_thumbnail.png"
    facts = _facts(original, ext, has_thumbnail=False)
    drawn = waveform_picture(original) if picture and ext in PREVIEWED_AUDIO else None
    if drawn is not None:
        thumbnail.write_bytes(drawn)
    return new_record(job.item_id, job.fields, replace(facts, has_thumbnail=bool(drawn)), now)


def _facts(file: Path, ext: str, *, has_thumbnail: bool) -> FileFacts:
    found = file.stat()
    modified = int(found.st_mtime * 1000)
    born = min(int(found.st_ctime * 1000), modified)
    return FileFacts(ext, found.st_size, born, modified, probe(file, ext), has_thumbnail)


def bare_record(
    folder: Path, fields: ItemFields, ext: str, now: int, size: int, duration: float | None
) -> Record:
    """The record of an item without its file, in `folder` (`<id>.info`), which is made."""
    folder.mkdir()
    width, height = AUDIO_PICTURE if ext in PREVIEWED_AUDIO else (None, None)
    facts = FileFacts(ext, size, now, now, Media(width, height, duration), has_thumbnail=False)
    return new_record(folder.name.removesuffix(".info"), fields, facts, now)


def given_source(content: Path | str | bytes, ext: str) -> Source:
    """A file to copy, or bytes to write, as an item with the extension `ext`."""
    if isinstance(content, bytes):
        return BytesSource(content, ext)
    return PathSource(Path(content), as_ext=ext)
