"""Which file of this machine a finished row stands for, and its copy in a playlist's folder."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from pathlib import Path

from tasks.audio.names import file_stem, folded_name, with_suffix_id
from tasks.eagle.paths import PathMap
from tasks.facts import is_file
from tasks.tracks import Track


def library_file(row: Track, path_map: PathMap) -> Path | None:
    """The row's WAV, else its AIFF, where this machine sees it; None if it sees neither."""
    for text in (row.wav_path, row.aiff_path):
        if not text:
            continue
        for path in (Path(text), path_map.from_eagle(text)):
            if is_file(str(path)):
                return path
    return None


def copies_in(folder: Path, rows: Iterable[Track]) -> Mapping[str, Path]:
    """The copies of `rows` in a playlist's folder, by page id.

    A copy is found by its name. Of two rows with one name the second has its number in it.
    """
    try:
        there = {folded_name(path.name): path for path in folder.iterdir()}
    except OSError:
        return {}
    by_stem: defaultdict[str, list[Track]] = defaultdict(list)
    for row in rows:
        by_stem[file_stem(row.artist, row.title)].append(row)
    found: dict[str, Path] = {}
    for stem, twins in by_stem.items():
        plain = there.get(folded_name(f"{stem}.wav"))
        for row in twins:
            numbered = with_suffix_id(stem, row.soundcloud_id or row.page_id[:8])
            own = there.get(folded_name(f"{numbered}.wav"))
            if own is None:
                own, plain = plain, None
            if own is not None:
                found[row.page_id] = own
    return found
