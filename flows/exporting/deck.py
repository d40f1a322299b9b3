"""The library as a DJ takes it along: finished tracks, the file each stands for on this machine or
its copy in a playlist's folder, and the playlists in their order.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from pydantic import TypeAdapter

from flows.exporting.finished_rows import read_finished
from flows.following.memory import ListMemory
from flows.rows.playlists import tie_breaker
from flows.settings import Settings
from tasks.audio.names import file_stem, folded_name, with_suffix_id
from tasks.disk.whole_files import keep_whole, read_document
from tasks.eagle.paths import PathMap
from tasks.exports.deck_track import DeckTrack, FileFacts, deck_track, look_at
from tasks.facts import is_file
from tasks.notion.client import NotionClient
from tasks.notion.playlists import PlaylistNames
from tasks.notion.schema import Schema
from tasks.tracks import Track

_FACTS = TypeAdapter(dict[str, FileFacts])


@dataclass(frozen=True, kw_only=True)
class Deck:
    """Every finished row whose file this machine sees, and the playlists' rows in their order.

    `unseen` counts finished rows without a file here.
    """

    rows: Mapping[str, Track]
    tracks: Mapping[str, DeckTrack]
    playlists: Mapping[str, Sequence[str]]
    unseen: int


async def read_deck(
    settings: Settings,
    notion: NotionClient,
    schema: Schema,
    names: PlaylistNames,
    *,
    changed: Collection[str] = (),
    whole: bool = False,
) -> Deck:
    """The library as it is now (`read_finished` has `changed` and `whole`). Raises NotionError."""
    folder = settings.state_dir / "exports"
    rows = await read_finished(
        notion, schema, names, folder / "rows.json", changed=changed, whole=whole
    )
    return await asyncio.to_thread(_deck_of, rows, settings, folder / "files.json")


def _deck_of(rows: Sequence[Track], settings: Settings, file: Path) -> Deck:
    path_map = PathMap.parse(settings.eagle_path_map)
    known = read_document(file, _FACTS.validate_python) or {}
    facts: dict[str, FileFacts] = {}
    tracks: dict[str, DeckTrack] = {}
    for row in rows:
        path = library_file(row, path_map)
        found = look_at(path, known.get(str(path))) if path else None
        if path is not None and found is not None:
            facts[str(path)] = found
            tracks[row.page_id] = deck_track(row, path, found)
    if facts != known:
        keep_whole(file, _FACTS.dump_json(facts))
    return Deck(
        rows={row.page_id: row for row in rows},
        tracks=tracks,
        playlists=_in_order(rows, ListMemory(settings.state_dir)),
        unseen=len(rows) - len(tracks),
    )


def _in_order(rows: Sequence[Track], memory: ListMemory) -> dict[str, list[str]]:
    """The playlists' rows: in the order of the list that is followed, else of their making."""
    playlists: defaultdict[str, list[str]] = defaultdict(list)
    for row in rows:
        for name in row.playlists:
            playlists[name].append(row.page_id)
    places = _places(memory)
    return {
        name: _by_place(pages, places.get(name.casefold(), {})) for name, pages in playlists.items()
    }


def _by_place(pages: Sequence[str], place: Mapping[str, int]) -> list[str]:
    """What is in no list comes last."""
    return sorted(pages, key=lambda page_id: place.get(page_id, len(place)))


def _places(memory: ListMemory) -> dict[str, dict[str, int]]:
    """By playlist: where each row stands in the lists that fill it, one list after the other."""
    places: defaultdict[str, dict[str, int]] = defaultdict(dict)
    for remembered in memory.all():
        place = places[remembered.name.casefold()]
        for number in remembered.numbers:
            if number in remembered.rows:
                place.setdefault(remembered.rows[number], len(place))
    return places


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
            numbered = with_suffix_id(stem, tie_breaker(row))
            own = there.get(folded_name(f"{numbered}.wav"))
            if own is None:
                own, plain = plain, None
            if own is not None:
                found[row.page_id] = own
    return found
