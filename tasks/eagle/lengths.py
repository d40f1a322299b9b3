"""Does an item hold as much sound as a file of ours? The one rule by which items are adopted.

An address, an id or a tag tells which recording an item should hold; a preview, or what a broken
download left, carries them as well. So nothing is adopted that is not as long as what was proven.
"""

from __future__ import annotations

from pathlib import Path

from tasks.audio.chunks import Layout, layout_of
from tasks.audio.recording import LENGTH_TOLERANCE, is_length_right
from tasks.eagle.records import EagleItem
from tasks.errors import ConversionError, FileError


def holds_as_much(item: EagleItem, file: Path | None, ours: Path) -> bool:
    """True if the item, whose file is `file` where it can be read from here, is as long as `ours`.

    Without its file Eagle's own length decides, and where Eagle knows none (AIFF), the size: then
    both must have the same bytes a second. Reads two headers; blocking.
    """
    proven = _layout_of(ours)
    if proven is None:
        return item.size == ours.stat().st_size
    there = _layout_of(file) if file else None
    if there is not None:
        return there.is_complete and is_length_right(there.seconds, proven.seconds)
    if item.duration:
        return is_length_right(item.duration, proven.seconds)
    one_second = proven.pcm.frame_bytes * proven.pcm.sample_rate
    return abs(item.size - ours.stat().st_size) <= LENGTH_TOLERANCE * one_second


def _layout_of(file: Path) -> Layout | None:
    try:
        return layout_of(file)
    except (FileError, ConversionError):
        return None
